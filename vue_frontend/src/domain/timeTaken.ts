/** When the set was taken: now by the server's clock, or a time of today or yesterday in ward time. */

import { fromLocalParts, localParts } from './format';

export type Day = 'today' | 'yesterday';

export interface TimeTaken {
  isNow: boolean;
  day: Day;
  /** HH:mm as typed. */
  text: string;
}

export const DAY_MS = 24 * 3_600_000;

/**
 * The first millisecond after an instant of the server, which has microseconds where ours has none: read and sent
 * back, an admission would be before itself.
 */
export const justAfter = (instant: string): number => Date.parse(instant) + 1;

export type TimeProblem = 'timeWrong' | 'timeFuture' | 'timeBeforeAdmission';

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
  if (match === null) return { at: null, problem: 'timeWrong' };
  const today = localParts(now, timeZone);
  // Noon is on the same calendar day whatever the clock change, so yesterday is a day before noon.
  const noon = fromLocalParts({ ...today, hour: 12, minute: 0 }, timeZone);
  const day = localParts(time.day === 'today' ? noon : noon - DAY_MS, timeZone);
  const at = fromLocalParts({ ...day, hour: Number(match[1]), minute: Number(match[2]) }, timeZone);
  if (at > now) return { at: null, problem: 'timeFuture' };
  // Admission is shown to the minute; a set in that minute is meant to be after it.
  if (at < Date.parse(admission)) {
    if (Date.parse(admission) - at < 60_000) return { at: justAfter(admission), problem: null };
    return { at: null, problem: 'timeBeforeAdmission' };
  }
  return { at, problem: null };
}

/** The entry that means that instant, which lies within the half hour that drafts are kept. */
export function timeTakenAt(instant: number, now: number, timeZone: string): TimeTaken {
  const then = localParts(instant, timeZone);
  const today = localParts(now, timeZone);
  const isToday = then.day === today.day && then.month === today.month && then.year === today.year;
  const text = [then.hour, then.minute].map((part) => String(part).padStart(2, '0')).join(':');
  return { isNow: false, day: isToday ? 'today' : 'yesterday', text };
}
