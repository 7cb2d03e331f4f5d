/** When the set was taken: now by the server's clock, or a time of a day of the stay, in ward time. */

import { fromLocalParts, localParts } from './format';

export type Day = 'today' | 'yesterday' | 'earlier';

export interface TimeTaken {
  isNow: boolean;
  day: Day;
  /** "2026-11-20": of an earlier day, which one. */
  date: string;
  /** HH:mm as typed. */
  text: string;
  /** Why it is entered late: needed from yesterday on. */
  reason: string;
}

export const takenNow = (): TimeTaken => ({ isNow: true, day: 'today', date: '', text: '', reason: '' });

export const DAY_MS = 24 * 3_600_000;

/**
 * The first millisecond after an instant of the server, which has microseconds where ours has none: read and sent
 * back, an admission would be before itself.
 */
export const justAfter = (instant: string): number => Date.parse(instant) + 1;

export type TimeProblem = 'timeWrong' | 'timeFuture' | 'timeBeforeAdmission';

interface CalendarDay {
  year: number;
  month: number;
  day: number;
}

const twoDigits = (part: number) => String(part).padStart(2, '0');
const dateOf = ({ year, month, day }: CalendarDay) => `${year}-${twoDigits(month)}-${twoDigits(day)}`;

/** The calendar day so many days before the one of `now`. */
function dayBefore(now: number, days: number, timeZone: string): CalendarDay {
  // Noon is on the same calendar day whatever the clock change, so days can be counted back from it.
  const noon = fromLocalParts({ ...localParts(now, timeZone), hour: 12, minute: 0 }, timeZone);
  return localParts(noon - days * DAY_MS, timeZone);
}

function dayOf(time: TimeTaken, now: number, timeZone: string): CalendarDay | null {
  if (time.day !== 'earlier') return dayBefore(now, time.day === 'today' ? 0 : 1, timeZone);
  const [year, month, day] = time.date.split('-').map(Number);
  return year && month && day ? { year, month, day } : null;
}

/** The days of a stay before yesterday, "2026-11-20", the newest first. */
export function earlierDays(now: number, admission: string, timeZone: string): string[] {
  const first = dateOf(localParts(admission, timeZone));
  const days: string[] = [];
  for (let back = 2; ; back++) {
    const date = dateOf(dayBefore(now, back, timeZone));
    if (date < first) return days;
    days.push(date);
  }
}

/** The instant meant, or why there is none. */
export function instantTaken(
  time: TimeTaken,
  now: number,
  admission: string,
  timeZone: string,
): { at: number; problem: null } | { at: null; problem: TimeProblem } {
  // Our idea of the server's clock may lag behind an admission that it wrote a moment ago.
  if (time.isNow) return { at: Math.max(now, justAfter(admission)), problem: null };
  const match = /^([01]?\d|2[0-3])[:.]?([0-5]\d)$/.exec(time.text.trim());
  const day = dayOf(time, now, timeZone);
  if (match === null || day === null) return { at: null, problem: 'timeWrong' };
  const { year, month } = day;
  const hour = Number(match[1]);
  const at = fromLocalParts({ year, month, day: day.day, hour, minute: Number(match[2]) }, timeZone);
  if (at > now) return { at: null, problem: 'timeFuture' };
  // Admission is shown to the minute; a set in that minute is meant to be after it.
  if (at < Date.parse(admission)) {
    if (Date.parse(admission) - at < 60_000) return { at: justAfter(admission), problem: null };
    return { at: null, problem: 'timeBeforeAdmission' };
  }
  return { at, problem: null };
}

/** Whether it was taken before today: then the record keeps why it is entered so late. */
export function isOfEarlierDay(at: number, now: number, timeZone: string): boolean {
  return dateOf(localParts(at, timeZone)) < dateOf(localParts(now, timeZone));
}

/** The entry that means that instant. */
export function timeTakenAt(instant: number, now: number, timeZone: string): TimeTaken {
  const then = localParts(instant, timeZone);
  const date = dateOf(then);
  const text = `${twoDigits(then.hour)}:${twoDigits(then.minute)}`;
  const isOn = (back: number) => date === dateOf(dayBefore(now, back, timeZone));
  if (isOn(0)) return { ...takenNow(), isNow: false, text };
  if (isOn(1)) return { ...takenNow(), isNow: false, day: 'yesterday', text };
  return { ...takenNow(), isNow: false, day: 'earlier', date, text };
}
