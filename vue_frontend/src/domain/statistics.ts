/** The answer of /api/notifications/statistics/. */

import type { Notification, Severity } from '@/api/types';

export interface Counted {
  volume: number;
  acknowledged: number;
  /** Seconds. */
  time_to_acknowledge: { median: number | null; p90: number | null };
  due: number;
  overdue: number;
  /** 0 to 1; null where nothing was due. */
  overdue_share: number | null;
}

export interface Statistics {
  since: string;
  until: string;
  total: Counted;
  by_ward: (Counted & { ward: string })[];
  by_hour: (Counted & { hour: number })[];
  by_severity: (Counted & { severity: Severity })[];
  by_kind: (Counted & { kind: Notification['kind'] })[];
}

export interface HourOfDay {
  hour: number;
  volume: number;
  overdue: number;
}

/** All 24 hours of the ward's day: an hour without a notification is a zero, not a gap. */
export function everyHour(found: readonly (Counted & { hour: number })[]): HourOfDay[] {
  const byHour = new Map(found.map((one) => [one.hour, one]));
  return Array.from({ length: 24 }, (_, hour) => ({
    hour,
    volume: byHour.get(hour)?.volume ?? 0,
    overdue: byHour.get(hour)?.overdue ?? 0,
  }));
}

/** Up to five round steps from 0 that reach `highest`. */
export function roundSteps(highest: number): number[] {
  const step =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((one) => one * 4 >= highest) ?? 10_000;
  const count = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
