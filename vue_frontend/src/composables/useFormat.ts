import { formatBirth, type Birth } from '@/domain/birth';
import * as format from '@/domain/format';
import type { Instant } from '@/domain/format';
import { dateWords, t } from '@/locales';

/** The ward's time zone: the page names it; without that, the browser's. */
export function wardTimeZone(): string {
  const named = document.documentElement.dataset.timeZone;
  return named !== undefined && named !== '' ? named : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Dates, times and durations in ward time and in the words of the current language. */
export function useFormat() {
  const timeZone = wardTimeZone();
  const words = dateWords();
  const duration = (milliseconds: number) => format.formatDuration(milliseconds, words);
  /** How long something lies back; of less than a minute, or of what a clock that is behind puts ahead: <1min. */
  const elapsed = (milliseconds: number) =>
    milliseconds < format.MINUTE ? `<1${words.units.minute}` : duration(milliseconds);
  return {
    timeZone,
    date: (instant: Instant) => format.formatDate(instant, timeZone, words),
    time: (instant: Instant) => format.formatTime(instant, timeZone),
    dateTime: (instant: Instant) => format.formatDateTime(instant, timeZone, words),
    recent: (instant: Instant, now: Instant) => format.formatRecent(instant, now, timeZone, words),
    calendarDate: (date: string) => format.formatCalendarDate(date, words),
    duration,
    elapsed,
    /** 5min ago; just now. */
    ago: (instant: Instant, now: Instant) => {
      const passed = format.toMs(now) - format.toMs(instant);
      return passed < format.MINUTE ? t('common.justNow') : t('common.ago', { duration: duration(passed) });
    },
    /** The date of birth as exactly as it is known; null where it is not. */
    born: ({ date_of_birth: date, date_of_birth_precision: precision }: Birth) =>
      date === null ? null : formatBirth(date, precision, words),
    /** The age, "about" where the day of birth is not known; null where no date is. */
    age: ({ date_of_birth: date, date_of_birth_precision: precision }: Birth, now: Instant) => {
      if (date === null) return null;
      const age = format.formatAge(date, now, timeZone, words);
      return precision === 'day' ? age : t('patient.about', { age });
    },
    localParts: (instant: Instant) => format.localParts(instant, timeZone),
  };
}
