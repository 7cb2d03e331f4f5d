/**
 * A date of birth of which only the year or the month may be known: the server keeps the middle of it, and how exactly
 * it is known. Pure; the same as patients/rules/birth.py.
 */

import type { BirthPrecision, Patient } from '@/api/types';
import { emptyDate, isEmptyDate, readDate, writeDate, type DateEntry } from './dateEntry';
import { ageInYears, type DateWords, type Instant } from './format';

export type Birth = Pick<Patient, 'date_of_birth' | 'date_of_birth_precision'>;

export const ADULT_AGE_YEARS = 16;

/** "1958", "1958-06" or "1958-06-15", as it is sent; null for an empty entry, undefined where it is none of these. */
export function readBirth(entry: DateEntry): string | null | undefined {
  if (isEmptyDate(entry)) return null;
  const isOfYear = entry.day.trim() === '' && entry.month === '';
  const whole = readDate({
    ...entry,
    day: entry.day.trim() === '' ? '1' : entry.day,
    month: isOfYear ? '1' : entry.month,
  });
  if (whole === null || whole === undefined) return undefined;
  return entry.day.trim() !== '' ? whole : whole.slice(0, isOfYear ? 4 : 7);
}

/** As much of a stored date as is known. */
export function writeBirth(birth: Birth): DateEntry {
  if (birth.date_of_birth === null) return emptyDate();
  const whole = writeDate(birth.date_of_birth);
  if (birth.date_of_birth_precision === 'year') return { ...whole, day: '', month: '' };
  return birth.date_of_birth_precision === 'month' ? { ...whole, day: '' } : whole;
}

/** What the server makes of what `readBirth` gave; `today`: the ward's day, "2026-11-22". */
export function birthOf(text: string | null, today: string): Birth {
  if (text === null) return { date_of_birth: null, date_of_birth_precision: 'day' };
  const precision = ({ 4: 'year', 7: 'month' } as Record<number, BirthPrecision>)[text.length] ?? 'day';
  const middle = { year: `${text}-07-01`, month: `${text}-15`, day: text }[precision];
  return {
    date_of_birth: middle > today && precision !== 'day' ? today : middle,
    date_of_birth_precision: precision,
  };
}

/** 05-Jan-1932, Jan-1932 or 1932. */
export function formatBirth(date: string, precision: BirthPrecision, words: DateWords): string {
  const [year, month, day] = date.split('-') as [string, string, string];
  if (precision === 'year') return year;
  const name = words.months[Number(month) - 1];
  return precision === 'month' ? `${name}-${year}` : `${day}-${name}-${year}`;
}

/** By what somebody is scored who may be 16 already or not yet; null where the date of birth tells which. */
export function scoredAsAbout16(birth: Birth, now: Instant, timeZone: string): 'adult' | 'child' | null {
  const { date_of_birth: middle, date_of_birth_precision: precision } = birth;
  if (middle === null || precision === 'day') return null;
  const [year, month] = middle.split('-').map(Number) as [number, number];
  const lastDay = new Date(Date.UTC(year, precision === 'year' ? 12 : month, 0)).toISOString().slice(0, 10);
  const firstDay = precision === 'year' ? `${year}-01-01` : `${middle.slice(0, 7)}-01`;
  const isAdult = (day: string) => ageInYears(day, now, timeZone) >= ADULT_AGE_YEARS;
  if (isAdult(lastDay) || !isAdult(firstDay)) return null;
  return isAdult(middle) ? 'adult' : 'child';
}
