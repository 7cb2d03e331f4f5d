/** What belongs to one patient's record beside the reports: versions, ledger, plan, pauses, fluids. */

import type { Report, UserName } from './types';

/** One version of a report, as it was from `history_date` on. `+` recorded, `~` corrected, `-` deleted. */
export type HistoryVersion = Report & {
  history_id: number;
  history_date: string;
  history_type: '+' | '~' | '-';
  history_user: UserName | null;
  history_change_reason: string;
  /** How often this version itself was amended. */
  amendments: number;
};

/** One entry of the ledger: what a version held before it was amended or retired, or a person forgotten. */
export interface Amendment {
  id: number;
  history_id: number;
  kind: 'amended' | 'retired' | 'anonymised';
  amended_at: string;
  amended_by: UserName | null;
  reason: string;
  before: Partial<HistoryVersion>;
  after: Partial<HistoryVersion> | null;
}

/** `every`, `for`: minutes; `for` is null for a last step that goes on to the plan's end. */
export interface PlanStep {
  every: number;
  for: number | null;
}

export interface CallLimits {
  below?: number | null;
  above?: number | null;
}

export const CALL_FIELDS = ['respiration', 'o2sat', 'bp_sys', 'pulse', 'temperature'] as const;
export type CallField = (typeof CALL_FIELDS)[number];

export type CallAt = { score?: number } & Partial<Record<CallField, CallLimits>>;

/** A doctor's plan for a while: it changes the interval and when to call, never the score. */
export interface Plan {
  steps: PlanStep[];
  call_at: CallAt;
  since: string;
  until: string;
  reason: string;
  by: UserName | null;
  /** Sets that would have alerted and did not, by `call_at.score`. */
  suppressed_count: number;
}

export interface Pause {
  id: number;
  since: string;
  until: string;
  reason: string;
  by: UserName | null;
  /** Set by somebody who may not change the plan: four hours at most. */
  by_nurse: boolean;
}

/** Sums in mL; null: nothing of the kind was recorded. */
export interface FluidPeriod {
  shift: 'D' | 'E' | 'N' | null;
  since: string;
  until: string;
  intake: number | null;
  output: number | null;
  balance: number | null;
  amounts: Record<string, number | null>;
}

export interface FluidBalance {
  since: string;
  until: string;
  shifts: FluidPeriod[];
  last_24_hours: FluidPeriod;
}

export interface ImportCounts {
  added: number;
  unchanged: number;
  /** Rows; one may have several rejects. */
  rejected: number;
}

/** `line` is the line of the file on which the row begins, the header being 1; `field` "": the row as a whole. */
export interface ImportRemark {
  file: 'patients' | 'reports';
  line: number;
  field: string;
  reason: string;
}

/** What became of the rows of two files. */
export interface ImportOutcome {
  patients: ImportCounts;
  reports: ImportCounts;
  rejects: ImportRemark[];
  /** Of rows that were imported: possible, but improbable. */
  warnings: ImportRemark[];
}
