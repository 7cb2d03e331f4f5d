/** Sets that were entered in error: in no list and no score any more, but shown struck through where they stood. */

import type { HistoryVersion } from '@/api/record';
import type { Report } from '@/api/types';

/** By its last row in the history, which still holds what was recorded. */
export function isStruck(report: Report): report is HistoryVersion {
  return 'history_type' in report && report.history_type === '-';
}

const order = (a: Report, b: Report) => Date.parse(a.datetime) - Date.parse(b.datetime) || a.id - b.id;

/** Reports and what was struck, in order of the time they were taken; for a moment a report may still be among both. */
export function withStruck(reports: readonly Report[], struck: readonly HistoryVersion[]): Report[] {
  const gone = new Set(struck.map((one) => one.id));
  return [...reports.filter((one) => !gone.has(one.id)), ...struck].sort(order);
}
