/**
 * A set of observations while it is being entered: what was typed, what is wrong with it, what is missing.
 *
 * Pure. Nothing here scores: that is the server's `preview`. A reading that was not taken is never sent as 0.
 */

import {
  NUMBER_FIELDS,
  SCORED_FIELDS,
  type Consciousness,
  type NotMeasuredReason,
  type NumberField,
  type Ranges,
  type Report,
  type ScoredField,
} from '@/api/types';
import { DECIMALS, WHOLE_IN_FORM } from './fields';
import { isJump, judge, toNumber, type EntrySpec } from './numberEntry';

export interface ObservationDraft {
  texts: Record<NumberField, string>;
  supplemental_oxygen: boolean | null;
  oxygen_device: string;
  consciousness: Consciousness | null;
  status: string;
  /** null: not assessed; []: assessed, none found. */
  warning_signs: string[] | null;
  diet: string;
  additional: string;
  medical_advice: string;
  monitoring_interval: number | null;
  not_measured: Partial<Record<ScoredField, NotMeasuredReason>>;
  /** "field:text" of unusual values that were looked at again. */
  confirmed: string[];
}

/** A set on its way: what was sent, and the key by which the server knows it again. */
export interface Sent {
  key: string;
  body: Record<string, unknown>;
}

/** What a form of a set keeps on this device until it is saved. */
export interface KeptSet {
  values: ObservationDraft;
  /** ms */
  takenAt: number;
  /** Why it is entered late. */
  reason?: string;
  /** Sent, and no answer yet: what comes back from here must not become a second set. */
  sent: Sent | null;
}

export function emptyDraft(): ObservationDraft {
  return {
    texts: Object.fromEntries(NUMBER_FIELDS.map((field) => [field, ''])) as Record<NumberField, string>,
    supplemental_oxygen: null,
    oxygen_device: '',
    consciousness: null,
    status: '',
    warning_signs: null,
    diet: '',
    additional: '',
    medical_advice: '',
    monitoring_interval: null,
    not_measured: {},
    confirmed: [],
  };
}

export function specOf(field: NumberField, ranges: Ranges): EntrySpec {
  const range = ranges[field];
  const isWhole = range?.isWhole === true || WHOLE_IN_FORM.includes(field);
  return { field, decimals: DECIMALS[field], isWhole, range };
}

/** Whether a scored field holds a value. */
export function isEntered(draft: ObservationDraft, field: ScoredField): boolean {
  if (field === 'supplemental_oxygen') return draft.supplemental_oxygen !== null;
  if (field === 'consciousness') return draft.consciousness !== null;
  return draft.texts[field] !== '';
}

export function missingFields(draft: ObservationDraft): ScoredField[] {
  return SCORED_FIELDS.filter((field) => !isEntered(draft, field));
}

/** Whether there is any vital sign: fluids or laboratory values alone are no set and miss nothing. */
export function isSet(draft: ObservationDraft): boolean {
  const others: NumberField[] = ['bp_dia', 'oxygen_flow', 'pain_score', 'blood_glucose', 'capillary_refill'];
  return (
    SCORED_FIELDS.some((field) => isEntered(draft, field)) ||
    others.some((field) => draft.texts[field] !== '')
  );
}

export function isUntouched(draft: ObservationDraft): boolean {
  return JSON.stringify(draft) === JSON.stringify(emptyDraft());
}

export type Problem = 'unfinished' | 'fraction' | 'impossible' | 'diastolicHigh';

/** What cannot be saved, by field. `stored`: what the server holds already, and so takes, fraction or not. */
export function problemsOf(
  draft: ObservationDraft,
  ranges: Ranges,
  stored: Partial<Record<NumberField, string>> = {},
): Partial<Record<NumberField, Problem>> {
  const problems: Partial<Record<NumberField, Problem>> = {};
  for (const field of NUMBER_FIELDS) {
    const text = draft.texts[field];
    const judgement = judge(text, specOf(field, ranges));
    if (judgement === 'fraction' && text === stored[field]) continue;
    if (judgement === 'unfinished' || judgement === 'fraction' || judgement === 'impossible') {
      problems[field] = judgement;
    }
  }
  const systolic = toNumber(draft.texts.bp_sys);
  const diastolic = toNumber(draft.texts.bp_dia);
  if (systolic !== null && diastolic !== null && problems.bp_sys === undefined) {
    // Both 0 is an arrest, and possible.
    const isArrest = systolic === 0 && diastolic === 0;
    if (diastolic >= systolic && !isArrest) problems.bp_dia ??= 'diastolicHigh';
  }
  return problems;
}

export type PreviousValues = Partial<Record<NumberField, number>>;

export interface Warning {
  /** `server`: asked by its preview, in the words of `message`. */
  kind: 'unusual' | 'jump' | 'otherUnit' | 'shortAdult' | 'noFlow' | 'server';
  message?: string;
  isConfirmed: boolean;
}

export interface WarningContext {
  isAdult?: boolean;
  /** What the server's preview of this very draft calls unusual. */
  unusual?: Readonly<Record<string, readonly string[]>>;
}

/** A weight this far off the last one may be in another unit; and what is short for an adult, cm. */
const WEIGHT_CHANGE_ASKED = 0.1;
const SHORTEST_USUAL_ADULT = 100;

/** What asks for a second look of this field beside its range. */
function combinationOf(
  field: NumberField,
  draft: ObservationDraft,
  previous: PreviousValues,
  isAdult: boolean,
): 'otherUnit' | 'shortAdult' | 'noFlow' | null {
  const value = toNumber(draft.texts[field]);
  if (value === null) return null;
  if (field === 'oxygen_flow' && value === 0 && draft.supplemental_oxygen === true) return 'noFlow';
  if (field === 'height' && isAdult && value < SHORTEST_USUAL_ADULT) return 'shortAdult';
  const last = previous.weight;
  if (field !== 'weight' || last === undefined) return null;
  // In tenths, which are whole: 63.0 is a tenth off 70.0, whatever the floats say.
  const [now, before] = [Math.round(value * 10), Math.round(last * 10)];
  return Math.abs(now - before) >= WEIGHT_CHANGE_ASKED * before ? 'otherUnit' : null;
}

const confirmation = (field: NumberField, text: string) => `${field}:${text}`;

/** What is possible but asks for a second look, by field; a changed value is asked about again. */
export function warningsOf(
  draft: ObservationDraft,
  ranges: Ranges,
  previous: PreviousValues,
  { isAdult = false, unusual = {} }: WarningContext = {},
): Partial<Record<NumberField, Warning>> {
  const warnings: Partial<Record<NumberField, Warning>> = {};
  for (const field of NUMBER_FIELDS) {
    const text = draft.texts[field];
    const judgement = judge(text, specOf(field, ranges));
    const isConfirmed = draft.confirmed.includes(confirmation(field, text));
    if (judgement === 'unusual') warnings[field] = { kind: 'unusual', isConfirmed };
    if (judgement !== 'possible') continue;
    const combination = combinationOf(field, draft, previous, isAdult);
    const message = unusual[field]?.[0];
    if (combination !== null) warnings[field] = { kind: combination, isConfirmed };
    else if (isJump(field, previous[field] ?? null, toNumber(text))) {
      warnings[field] = { kind: 'jump', isConfirmed };
    } else if (message !== undefined) warnings[field] = { kind: 'server', message, isConfirmed };
  }
  return warnings;
}

export function confirm(draft: ObservationDraft, field: NumberField): void {
  draft.confirmed.push(confirmation(field, draft.texts[field]));
}

/** What is sent; fields that were left empty are left out. `skip`: fields that cannot be sent yet. */
export function payloadOf(
  draft: ObservationDraft,
  patient: number,
  skip: ReadonlySet<string> = new Set(),
): Record<string, unknown> {
  const payload: Record<string, unknown> = { patient };
  for (const field of NUMBER_FIELDS) {
    const value = toNumber(draft.texts[field]);
    if (value !== null && !skip.has(field)) payload[field] = value;
  }
  if (draft.supplemental_oxygen !== null) payload.supplemental_oxygen = draft.supplemental_oxygen;
  if (draft.supplemental_oxygen !== true) delete payload.oxygen_flow;
  if (draft.supplemental_oxygen === true && draft.oxygen_device !== '') {
    payload.oxygen_device = draft.oxygen_device;
  }
  if (draft.consciousness !== null) payload.consciousness = draft.consciousness;
  if (draft.warning_signs !== null) payload.warning_signs = draft.warning_signs;
  if (draft.monitoring_interval !== null) payload.monitoring_interval = draft.monitoring_interval;
  for (const field of ['status', 'diet', 'additional', 'medical_advice'] as const) {
    if (draft[field].trim() !== '') payload[field] = draft[field].trim();
  }
  const reasons = Object.entries(draft.not_measured).filter(
    ([field]) => !isEntered(draft, field as ScoredField),
  );
  if (reasons.length > 0) payload.not_measured = Object.fromEntries(reasons);
  return payload;
}

export interface PreviousReading {
  value: number | string | boolean;
  at: string;
}

/** The newest value of each field in these reports (in order of time), for showing beside, never for filling in. */
export function previousReadings(reports: readonly Report[]): Map<string, PreviousReading> {
  const readings = new Map<string, PreviousReading>();
  for (const report of reports) {
    for (const field of [...NUMBER_FIELDS, 'supplemental_oxygen', 'consciousness'] as const) {
      const value = report[field];
      if (value !== null) readings.set(field, { value, at: report.datetime });
    }
    if (report.oxygen_device !== '') {
      readings.set('oxygen_device', { value: report.oxygen_device, at: report.datetime });
    }
  }
  return readings;
}
