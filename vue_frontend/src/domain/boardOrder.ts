/** In which order the ward board shows its patients, and what of each one it shows. */

import type { News2, Patient, Risk, Severity } from '@/api/types';
import { compareKeys, familyKey, fold, placeKey } from './names';

export type BoardOrder = 'attention' | 'bed';

/** How a score looks: number, word and fill go by this. `none`: a total of 0; `unscored`: nothing to show. */
export type ScoreLevel = 'none' | 'low' | 'low-medium' | 'medium' | 'high' | 'unscored';

export interface ScoreShown {
  /** The total, or the lower bound of an incomplete set; null where there is neither. */
  value: number | null;
  isLowerBound: boolean;
  risk: Risk | null;
  level: ScoreLevel;
  notScored: News2['not_scored_because'];
  /** When the set that is shown was taken. */
  at: string | null;
}

const URGENCY: Record<Risk, number> = { high: 0, medium: 1, 'low-medium': 2, low: 3 };

export function levelOf(risk: Risk | null, value: number | null): ScoreLevel {
  if (risk === null || value === null) return 'unscored';
  return risk === 'low' && value === 0 ? 'none' : risk;
}

/** The score of one report: its total, else its lower bound. */
export function scoreOfSet(news2: News2, at: string | null): ScoreShown {
  // "At least 0, low" would calm without a reason: a partial set without a point has nothing to show.
  const lowerBound = news2.lower_bound === 0 ? null : news2.lower_bound;
  const value = news2.score ?? lowerBound;
  const risk = value === null ? null : news2.risk;
  return {
    value,
    isLowerBound: news2.score === null && lowerBound !== null,
    risk,
    level: levelOf(risk, value),
    notScored: news2.not_scored_because,
    at,
  };
}

/**
 * What stands for a patient on the board: the last complete set, unless a newer incomplete one is worse.
 *
 * An incomplete set never makes a patient look better (clinical rules, section 2).
 */
export function scoreOfPatient(patient: Patient): ScoreShown {
  const last = patient.last_report;
  const scored = patient.last_scored;
  if (last !== null && last.news2.not_scored_because !== null) return scoreOfSet(last.news2, last.datetime);
  if (last !== null && last.news2.lower_bound !== null && last.id !== scored?.id) {
    const isWorse = scored === null || URGENCY[last.news2.risk ?? 'low'] < URGENCY[scored.risk];
    if (isWorse) return scoreOfSet(last.news2, last.datetime);
  }
  if (scored === null) {
    return { value: null, isLowerBound: false, risk: null, level: 'unscored', notScored: null, at: null };
  }
  const risk = patient.current_risk ?? scored.risk;
  return {
    value: scored.score,
    isLowerBound: false,
    risk,
    level: levelOf(risk, scored.score),
    notScored: null,
    at: scored.datetime,
  };
}

/** When the newest set was taken; a report of fluids or laboratory values alone is no set. */
export function lastSetAt(patient: Patient): string | null {
  const last = patient.last_report;
  const isSet =
    last !== null &&
    (last.news2.score !== null || last.news2.lower_bound !== null || last.news2.not_scored_because !== null);
  return isSet ? last.datetime : (patient.last_scored?.datetime ?? null);
}

/** When the set was taken that the score is of, where a newer one says less; null where it is of the last set. */
export function olderScoreAt(patient: Patient): string | null {
  const { at } = scoreOfPatient(patient);
  return at === lastSetAt(patient) ? null : at;
}

/** Bed 2 before bed 10, ward before bed. */
export function compareByBed(a: Patient, b: Patient): number {
  return (
    compareKeys(placeKey(a.ward), placeKey(b.ward)) ||
    compareKeys(placeKey(a.bed), placeKey(b.bed)) ||
    a.id - b.id
  );
}

/** What puts a patient on the board's first places: their risk, or what was found beside the score and is worse. */
export function urgencyOf(patient: Patient, besideScore: Severity | undefined): number {
  return Math.min(URGENCY[patient.current_risk ?? 'low'], URGENCY[besideScore ?? 'low']);
}

export function isMostUrgent(patient: Patient, besideScore: Severity | undefined): boolean {
  return urgencyOf(patient, besideScore) === URGENCY.high;
}

/** High, medium, red score; the others by their due time, which puts the longest overdue first. */
export function compareByAttention(
  a: Patient,
  b: Patient,
  besideScore: ReadonlyMap<number, Severity>,
): number {
  const rank = (patient: Patient) => urgencyOf(patient, besideScore.get(patient.id));
  const byRisk = rank(a) - rank(b);
  if (byRisk !== 0) return byRisk;
  if (rank(a) < URGENCY.low) {
    const byScore = (scoreOfPatient(b).value ?? 0) - (scoreOfPatient(a).value ?? 0);
    if (byScore !== 0) return byScore;
  }
  const due = (patient: Patient) =>
    patient.next_due_at === null ? Infinity : Date.parse(patient.next_due_at);
  const byDue = due(a) === due(b) ? 0 : due(a) - due(b);
  return byDue || compareByBed(a, b);
}

export type DueState = 'none' | 'later' | 'soon' | 'now' | 'overdue';

export const DUE_SOON_MS = 15 * 60_000;

/** Elapsed time against the plan; the first minute past it reads "due now". */
export function dueState(dueAt: string | null, now: number): DueState {
  if (dueAt === null) return 'none';
  const left = Date.parse(dueAt) - now;
  if (left > DUE_SOON_MS) return 'later';
  if (left > 0) return 'soon';
  return left > -60_000 ? 'now' : 'overdue';
}

export type BoardFilter = 'high' | 'medium' | 'overdue' | 'soon';

export function matchesFilter(patient: Patient, filter: BoardFilter, now: number): boolean {
  if (filter === 'high') return patient.current_risk === 'high';
  if (filter === 'medium') return patient.current_risk === 'medium' || patient.current_risk === 'low-medium';
  const due = dueState(patient.next_due_at, now);
  return filter === 'overdue' ? due === 'overdue' : due === 'soon' || due === 'now';
}

/** Whose set is due next, of these patients without the one given; undefined: nothing is due of anybody else. */
export function nextDue(patients: readonly Patient[], after: number): Patient | undefined {
  return patients
    .filter((one) => one.id !== after && one.next_due_at !== null)
    .sort((a, b) => Date.parse(a.next_due_at!) - Date.parse(b.next_due_at!) || compareByBed(a, b))[0];
}

/** Name, bed or hospital number, in any order of words, folded as the server folds them. */
export function matchesSearch(patient: Patient, search: string): boolean {
  const haystack = fold(
    [patient.last_name, patient.first_name, patient.bed, patient.hospital_number ?? ''].join('\n'),
  );
  return fold(search.replace(/,/g, ' '))
    .split(' ')
    .every((word) => haystack.includes(word));
}

/** Ids of patients whose family name, or only name, another one on the list has too. */
export function sameNameIds(patients: readonly Patient[]): Set<number> {
  const byName = new Map<string, number[]>();
  for (const patient of patients) {
    const name = familyKey(patient);
    byName.set(name, [...(byName.get(name) ?? []), patient.id]);
  }
  return new Set([...byName.values()].filter((ids) => ids.length > 1).flat());
}
