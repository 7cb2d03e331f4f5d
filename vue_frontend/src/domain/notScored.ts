/**
 * Who is not scored by NEWS2, and since when: there a screen draws no band, no points and no total. Pure.
 *
 * A set goes by what the server stored with it; what is drawn of the present goes by the patient's record. The same
 * rule as `reason_not_scored` in patients/rules/news2.py.
 */

import { SCORED_FIELDS, type News2, type NotScoredReason, type Patient } from '@/api/types';

const ADULT_AGE_YEARS = 16;

/**
 * Why a set taken on that day would not be scored, or null. `today`: the day in ward time, month from 1.
 *
 * An unknown date of birth counts as adult. Who is born on 29 February is a year older on 1 March of other years.
 */
export function reasonNotScored(
  patient: Pick<Patient, 'date_of_birth' | 'pregnant' | 'pathway'>,
  today: { year: number; month: number; day: number },
): NotScoredReason | null {
  if (patient.date_of_birth !== null) {
    const [year, month, day] = patient.date_of_birth.split('-').map(Number) as [number, number, number];
    const hadBirthday = today.month > month || (today.month === month && today.day >= day);
    if (today.year - year - (hadBirthday ? 0 : 1) < ADULT_AGE_YEARS) return 'under_16';
  }
  if (patient.pregnant) return 'pregnant';
  return patient.pathway === 'none' ? 'pathway_none' : null;
}

/**
 * Whether a report is a set that a chart has a column for: fluids or laboratory values alone are none.
 *
 * Of patients who are not scored every report says why; of theirs one of the seven must have been measured.
 */
export function isSet({ score, lower_bound, not_scored_because, missing }: News2): boolean {
  if (not_scored_because !== null) return missing.length < SCORED_FIELDS.length;
  return score !== null || lower_bound !== null;
}

/** A stretch of a chart in which one thing holds: scored (`reason` null), or not and why. */
export interface ScoringSpan {
  from: number;
  to: number;
  reason: NotScoredReason | null;
}

interface Taken {
  datetime: string;
  news2: Pick<News2, 'not_scored_because'>;
}

/** Spans that touch and hold the same become one. */
function joined(spans: readonly ScoringSpan[]): ScoringSpan[] {
  const found: ScoringSpan[] = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last !== undefined && last.reason === span.reason) last.to = span.to;
    else if (span.to > span.from) found.push({ ...span });
  }
  return found;
}

/**
 * What a time axis from `from` to `to` (ms) shows: each set's own state, changing half way between two sets, and
 * from half way after the last one the patient's present state.
 *
 * `sets`: oldest first, all within the axis.
 */
export function spansOfTime(
  sets: readonly Taken[],
  { from, to, now }: { from: number; to: number; now: NotScoredReason | null },
): ScoringSpan[] {
  const states = sets.map((one) => ({ at: Date.parse(one.datetime), reason: one.news2.not_scored_because }));
  states.push({ at: to, reason: now });
  return joined(
    states.map(({ at, reason }, index) => {
      const before = states[index - 1];
      const after = states[index + 1];
      return {
        from: before === undefined ? from : (before.at + at) / 2,
        to: after === undefined ? to : (at + after.at) / 2,
        reason,
      };
    }),
  );
}

/**
 * What a chart of one column a set shows, in columns: `from` the first, `to` the one after the last. Columns without
 * a set, up to `columnCount`, are the patient's present.
 */
export function spansOfColumns(
  sets: readonly Taken[],
  { columnCount, now }: { columnCount: number; now: NotScoredReason | null },
): ScoringSpan[] {
  const spans = sets.map((one, index) => ({
    from: index,
    to: index + 1,
    reason: one.news2.not_scored_because,
  }));
  if (columnCount > sets.length) spans.push({ from: sets.length, to: columnCount, reason: now });
  return joined(spans);
}

/** Sets that follow each other and are not scored for the same reason. */
export interface NotScoredRun<T> {
  reason: NotScoredReason;
  sets: T[];
}

export function notScoredRuns<T extends Taken>(sets: readonly T[]): NotScoredRun<T>[] {
  const runs: NotScoredRun<T>[] = [];
  let before: NotScoredReason | null = null;
  for (const set of sets) {
    const reason = set.news2.not_scored_because;
    if (reason !== null && reason === before) runs.at(-1)!.sets.push(set);
    else if (reason !== null) runs.push({ reason, sets: [set] });
    before = reason;
  }
  return runs;
}
