/** The objects of the server's interface, as REST and WebSocket both send them. A reading of null was not taken. */

import type { Plan } from './record';

export type Risk = 'low' | 'low-medium' | 'medium' | 'high';
export type Severity = 'low' | 'medium' | 'high';
export type Consciousness = 'A' | 'C' | 'V' | 'P' | 'U';
export type NotMeasuredReason =
  'refused' | 'unable' | 'asleep' | 'off_ward' | 'equipment' | 'not_appropriate';
export type NotScoredReason = 'under_16' | 'pregnant' | 'pathway_none';

export const ALLERGY_STATUSES = ['known', 'none_known', 'not_recorded', 'unavailable'] as const;
export type AllergyStatus = (typeof ALLERGY_STATUSES)[number];

/** The fields that make up a NEWS2 total, in the order of the RCP's chart. */
export const SCORED_FIELDS = [
  'respiration',
  'o2sat',
  'supplemental_oxygen',
  'bp_sys',
  'pulse',
  'consciousness',
  'temperature',
] as const;
export type ScoredField = (typeof SCORED_FIELDS)[number];

export interface UserName {
  id: number;
  name: string;
}

export interface SignedInUser {
  pk: number;
  username: string;
  first_name: string;
  last_name: string;
  role: string | null;
  permissions: string[];
}

export interface News2 {
  score: number | null;
  risk: Risk | null;
  parts: Record<ScoredField, number | null>;
  complete: boolean;
  missing: ScoredField[];
  lower_bound: number | null;
  not_scored_because: NotScoredReason | null;
  spo2_scale: 1 | 2;
}

export type BirthPrecision = 'day' | 'month' | 'year';

export interface Patient {
  id: number;
  hospital_number: string | null;
  first_name: string;
  last_name: string;
  /** Where only the month or the year is known, the middle of it. */
  date_of_birth: string | null;
  date_of_birth_precision: BirthPrecision;
  sex: 'male' | 'female' | 'other' | 'unknown';
  pregnant: boolean;
  ward: string;
  bed: string;
  allergies: string;
  /** Only `known` goes with a text. */
  allergy_status: AllergyStatus;
  diagnosis: string;
  admission_date: string;
  dismissal_date: string | null;
  pathway: 'news2' | 'dengue' | 'none';
  spo2_scale: 1 | 2;
  fever_onset_at: string | null;
  hematocrit_baseline: number | null;
  monitoring_interval: number | null;
  last_report: { id: number; datetime: string; news2: News2 } | null;
  last_scored: { id: number; datetime: string; score: number; risk: Risk; spo2_scale: 1 | 2 } | null;
  current_risk: Risk | null;
  next_due_at: string | null;
  open_notifications: number;
  /** The running plan, and the end of a running pause. */
  plan: Plan | null;
  paused_until: string | null;
  /** That pause was begun by somebody who may not change the plan. */
  paused_by_nurse: boolean;
  version: number;
}

/** The measured fields that hold a number or null. */
export const NUMBER_FIELDS = [
  'temperature',
  'pulse',
  'respiration',
  'bp_sys',
  'bp_dia',
  'o2sat',
  'oxygen_flow',
  'pain_score',
  'blood_glucose',
  'capillary_refill',
  'fi_oral',
  'fi_parenteral',
  'fi_other',
  'fo_urine',
  'fo_uf',
  'fo_emesis',
  'fo_drainage',
  'weight',
  'height',
  'abd_cir',
  'stools',
  'urine',
  'hematocrit',
  'platelet',
  'wbc',
] as const;
export type NumberField = (typeof NUMBER_FIELDS)[number];

/** Why `due_at` is what it is, by the server's code; null on what was stored before it said so. */
export interface DueBecause {
  code: string;
  /** Minutes in `interval`, instants in `since`, `high_at` and `until`, scores and risks. */
  values: Record<string, unknown>;
}

export type Report = Record<NumberField, number | null> & {
  id: number;
  patient: number;
  datetime: string;
  daytime: 'D' | 'E' | 'N';
  recorded_by: UserName | null;
  supplemental_oxygen: boolean | null;
  oxygen_device: string;
  consciousness: Consciousness | null;
  status: string;
  day_of_fever: number | null;
  diet: string;
  warning_signs: string[] | null;
  additional: string;
  medical_advice: string;
  not_measured: Partial<Record<string, NotMeasuredReason>>;
  monitoring_interval: number | null;
  news2: News2;
  map: number | null;
  pulse_pressure: number | null;
  due_at: string | null;
  due_because: DueBecause | null;
  /** The recorded fields that were changed since; scored again alone changes none. A frame of before lacks it. */
  corrected_fields?: string[];
  created_at: string;
  updated_at: string;
  version: number;
};

export type NotificationStatus = 'open' | 'acknowledged' | 'escalated' | 'resolved';

export interface Notification {
  id: number;
  kind: 'deterioration' | 'observation_due' | 'observation_overdue';
  severity: Severity;
  patient: number;
  report: number | null;
  history: number | null;
  reasons: { rule: string; message: string; values?: Record<string, unknown> }[];
  status: NotificationStatus;
  created_at: string;
  due_at: string | null;
  acknowledged_by: UserName | null;
  acknowledged_at: string | null;
  escalated_at: string | null;
  escalated_to: string;
  escalations: { to: string; at: string }[];
  resolved_at: string | null;
  resolved_because: string;
  suppressed_count: number;
}

/** What a measured field can be at all (hard) and what asks for a second look (soft); both ends included. */
export interface Range {
  unit: string;
  hard: [number, number];
  soft: [number, number] | null;
  isWhole: boolean;
}
export type Ranges = Partial<Record<NumberField, Range>>;

/** The least that a result asks for: the server's name for one of the RCP's responses. */
export type ResponseKey = 'zero' | Risk;

/** What `preview` answers: what would be computed, nothing is stored. */
export interface Preview {
  news2: News2;
  due_at: string | null;
  due_because: DueBecause | null;
  response: { key: ResponseKey; text: string } | null;
  unusual: Record<string, string[]>;
}

export type ErrorBody = Record<string, unknown> | null;
