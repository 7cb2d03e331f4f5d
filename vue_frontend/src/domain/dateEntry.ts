/** Dates and times as people enter them: day, month and year apart, so that no browser's locale can swap them. */

import { fromLocalParts, localParts } from './format';

export interface DateEntry {
  /** As typed; an entry of three empty texts is no date. */
  day: string;
  month: string;
  year: string;
}

export interface DateTimeEntry extends DateEntry {
  /** HH:mm as typed. */
  time: string;
}

export const emptyDate = (): DateEntry => ({ day: '', month: '', year: '' });

export const isEmptyDate = (entry: DateEntry) => entry.day === '' && entry.month === '' && entry.year === '';

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** "1932-01-05", null for an empty entry, undefined where it is no day of the calendar. */
export function readDate(entry: DateEntry): string | null | undefined {
  if (isEmptyDate(entry)) return null;
  const numbers = [entry.year, entry.month, entry.day].map((text) =>
    /^\d+$/.test(text.trim()) ? Number(text) : NaN,
  );
  const [year, month, day] = numbers as [number, number, number];
  if (!(year >= 1880 && year <= 2200)) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`;
}

export function writeDate(date: string | null): DateEntry {
  if (date === null) return emptyDate();
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return { day: String(day), month: String(month), year: String(year) };
}

/** The instant in ms, null for an empty entry, undefined where date or time cannot be read. */
export function readDateTime(entry: DateTimeEntry, timeZone: string): number | null | undefined {
  const date = readDate(entry);
  if (date === null && entry.time.trim() === '') return null;
  const match = /^([01]?\d|2[0-3])[:.]?([0-5]\d)$/.exec(entry.time.trim());
  if (date === null || date === undefined || match === null) return undefined;
  const { day, month, year } = entry;
  return fromLocalParts(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(match[1]),
      minute: Number(match[2]),
    },
    timeZone,
  );
}

export function writeDateTime(instant: string | number, timeZone: string): DateTimeEntry {
  const { year, month, day, hour, minute } = localParts(instant, timeZone);
  return {
    day: String(day),
    month: String(month),
    year: String(year),
    time: `${twoDigits(hour)}:${twoDigits(minute)}`,
  };
}
