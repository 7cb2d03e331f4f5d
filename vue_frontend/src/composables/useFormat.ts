import * as format from '@/domain/format';
import type { Instant } from '@/domain/format';
import { dateWords } from '@/locales';

/** The ward's time zone: the page names it; without that, the browser's. */
export function wardTimeZone(): string {
  const named = document.documentElement.dataset.timeZone;
  return named !== undefined && named !== '' ? named : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Dates, times and durations in ward time and in the words of the current language. */
export function useFormat() {
  const timeZone = wardTimeZone();
  const words = dateWords();
  return {
    timeZone,
    date: (instant: Instant) => format.formatDate(instant, timeZone, words),
    time: (instant: Instant) => format.formatTime(instant, timeZone),
    dateTime: (instant: Instant) => format.formatDateTime(instant, timeZone, words),
    recent: (instant: Instant, now: Instant) => format.formatRecent(instant, now, timeZone, words),
    calendarDate: (date: string) => format.formatCalendarDate(date, words),
    duration: (milliseconds: number) => format.formatDuration(milliseconds, words),
    age: (birth: string, now: Instant) => format.formatAge(birth, now, timeZone, words),
    localParts: (instant: Instant) => format.localParts(instant, timeZone),
  };
}
