/**
 * Dates, times, durations and names as the NHS Common User Interface wants them, whatever the browser's locale.
 *
 * Words (months, units) come from the catalogue. The time zone is always named: a ward has one clock, the
 * browser's may be another.
 */

export type Instant = string | number | Date;

export interface DateWords {
  /** Twelve names of three letters: Intl's own for en-GB says "Sept". */
  months: readonly string[];
  units: { year: string; month: string; week: string; day: string; hour: string; minute: string };
}

export const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface LocalParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

export function toMs(instant: Instant): number {
  return instant instanceof Date
    ? instant.getTime()
    : typeof instant === 'number'
      ? instant
      : Date.parse(instant);
}

/** The wall clock of `timeZone` at that instant; `month` from 1. */
export function localParts(instant: Instant, timeZone: string): LocalParts {
  const parts: Record<string, number> = {};
  for (const part of formatterFor(timeZone).formatToParts(toMs(instant))) {
    if (part.type !== 'literal') parts[part.type] = Number(part.value);
  }
  return parts as unknown as LocalParts;
}

/** The instant at which the wall clock of `timeZone` shows these; of an hour that comes twice, the first. */
export function fromLocalParts(parts: Omit<LocalParts, 'second'>, timeZone: string): number {
  const asUtc = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
  const offsetAt = (instant: number) => {
    const local = localParts(instant, timeZone);
    return (
      Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second) -
      Math.floor(instant / 1000) * 1000
    );
  };
  // The offset an hour or more earlier and later brackets a clock change; the earlier instant that fits wins.
  const candidates = [asUtc - offsetAt(asUtc - DAY), asUtc - offsetAt(asUtc + DAY)].sort((a, b) => a - b);
  const fitting = candidates.find((candidate) => candidate + offsetAt(candidate) === asUtc);
  return fitting ?? candidates[0]!;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** 05-Sep-2026 */
export function formatDate(instant: Instant, timeZone: string, words: DateWords): string {
  const { year, month, day } = localParts(instant, timeZone);
  return `${twoDigits(day)}-${words.months[month - 1]}-${year}`;
}

/** 14:05 */
export function formatTime(instant: Instant, timeZone: string): string {
  const { hour, minute } = localParts(instant, timeZone);
  return `${twoDigits(hour)}:${twoDigits(minute)}`;
}

/** 05-Sep-2026 14:05 */
export function formatDateTime(instant: Instant, timeZone: string, words: DateWords): string {
  return `${formatDate(instant, timeZone, words)} ${formatTime(instant, timeZone)}`;
}

/** 14:05 today, 04-Sep 14:05 on another day: for narrow columns whose heading names the year's context. */
export function formatRecent(instant: Instant, now: Instant, timeZone: string, words: DateWords): string {
  const then = localParts(instant, timeZone);
  const today = localParts(now, timeZone);
  const time = formatTime(instant, timeZone);
  if (then.year === today.year && then.month === today.month && then.day === today.day) return time;
  return `${twoDigits(then.day)}-${words.months[then.month - 1]} ${time}`;
}

/** A calendar date ("1932-01-05"), which has no time zone: 05-Jan-1932. */
export function formatCalendarDate(date: string, words: DateWords): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return `${twoDigits(day)}-${words.months[month - 1]}-${year}`;
}

/** Whole units, at most two, rounded down: 2hr 5min, 1d 3hr, 0min. The sign is dropped. */
export function formatDuration(milliseconds: number, words: DateWords): string {
  const { units } = words;
  const total = Math.abs(milliseconds);
  const days = Math.floor(total / DAY);
  const hours = Math.floor((total % DAY) / HOUR);
  const minutes = Math.floor((total % HOUR) / MINUTE);
  const pair = (first: number, firstUnit: string, second: number, secondUnit: string) =>
    second === 0 ? `${first}${firstUnit}` : `${first}${firstUnit} ${second}${secondUnit}`;
  if (days > 0) return pair(days, units.day, hours, units.hour);
  if (hours > 0) return pair(hours, units.hour, minutes, units.minute);
  return `${minutes}${units.minute}`;
}

/** Age by CUI: years from 2 y, months from 3 months, weeks from 4 weeks, else days. */
export function formatAge(birth: string, now: Instant, timeZone: string, words: DateWords): string {
  const [year, month, day] = birth.split('-').map(Number) as [number, number, number];
  const today = localParts(now, timeZone);
  const months = (today.year - year) * 12 + (today.month - month) - (today.day < day ? 1 : 0);
  if (months >= 24) return `${Math.floor(months / 12)}${words.units.year}`;
  if (months >= 3) return `${months}${words.units.month}`;
  const days = Math.floor(
    (Date.UTC(today.year, today.month - 1, today.day) - Date.UTC(year, month - 1, day)) / DAY,
  );
  return days >= 28 ? `${Math.floor(days / 7)}${words.units.week}` : `${days}${words.units.day}`;
}

/** Whole years of age on the ward's day. Who is born on 29 February is a year older on 1 March of other years. */
export function ageInYears(birth: string, now: Instant, timeZone: string): number {
  const [year, month, day] = birth.split('-').map(Number) as [number, number, number];
  const today = localParts(now, timeZone);
  const hadBirthday = today.month > month || (today.month === month && today.day >= day);
  return today.year - year - (hadBirthday ? 0 : 1);
}

export { formatName, formatNameWithInitial } from './names';

/** A reading with a fixed number of decimals; null, not measured, is an en dash. */
export function formatReading(value: number | null, decimals: number): string {
  if (value === null) return '–';
  // A server keeps one decimal; where whole numbers are usual a recorded fraction must still be seen.
  return Number.isInteger(value) ? value.toFixed(decimals) : value.toFixed(Math.max(decimals, 1));
}
