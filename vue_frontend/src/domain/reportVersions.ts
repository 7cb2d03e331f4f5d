/** What differs between two versions of a report, and what a corrected form changes. Pure. */

import { NUMBER_FIELDS, type NumberField, type Report } from '@/api/types';
import { emptyDraft, payloadOf, type ObservationDraft } from './observationDraft';

/** What people record, in the order in which it is shown; the rest of a report is computed from these. */
export const RECORDED_FIELDS = [
  'datetime',
  'respiration',
  'o2sat',
  'supplemental_oxygen',
  'oxygen_flow',
  'oxygen_device',
  'bp_sys',
  'bp_dia',
  'pulse',
  'consciousness',
  'temperature',
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
  'hematocrit',
  'platelet',
  'wbc',
  'weight',
  'height',
  'abd_cir',
  'stools',
  'urine',
  'status',
  'day_of_fever',
  'warning_signs',
  'diet',
  'additional',
  'medical_advice',
  'not_measured',
  'monitoring_interval',
] as const satisfies readonly (keyof Report)[];
export type RecordedField = (typeof RECORDED_FIELDS)[number];

export type Recorded = Partial<Pick<Report, RecordedField>>;

/** Saved this long after it was taken, a set counts as entered late. */
const LATE_MS = 30 * 60_000;

/** How long after it was taken a set was entered, ms; null: in time. */
export function lateBy(report: Pick<Report, 'created_at' | 'datetime'>): number | null {
  const late = Date.parse(report.created_at) - Date.parse(report.datetime);
  return late > LATE_MS ? late : null;
}

/** Whether one of these values was changed since it was first recorded: its versions tell how. */
export const isCorrected = (
  { corrected_fields }: Pick<Report, 'corrected_fields'>,
  ...fields: readonly string[]
): boolean => fields.some((field) => corrected_fields?.includes(field) === true);

/** Of the values of one graph those that were corrected: a total is computed, of a pressure each end by itself. */
export function correctedOf(report: Report, field: NumberField | 'total' | 'pulse_pressure'): number[] {
  if (field === 'total') return [];
  const isPressure = field === 'bp_sys' || field === 'pulse_pressure';
  const corrected = (isPressure ? (['bp_sys', 'bp_dia'] as const) : [field]).filter((one) =>
    isCorrected(report, one),
  );
  const values =
    field === 'pulse_pressure' && corrected.length > 0
      ? [report[field]]
      : corrected.map((one) => report[one as NumberField]);
  return values.filter((value) => value !== null);
}

/** Comparable text: instants by their instant, members of an object in any order. */
function comparable(field: RecordedField, recorded: Recorded): string {
  const value = recorded[field] ?? null;
  if (value === null) return 'null';
  if (field === 'datetime') return String(Date.parse(String(value)));
  if (Array.isArray(value)) return JSON.stringify([...value].sort());
  if (typeof value === 'object') return JSON.stringify(Object.entries(value).sort());
  return JSON.stringify(value);
}

/** Whether nothing was recorded in this field: null, no text, no reason. No warning sign found is a finding. */
export function isBlank(field: RecordedField, recorded: Recorded): boolean {
  const value = recorded[field] ?? null;
  if (value === null || value === '') return true;
  return field === 'not_measured' && Object.keys(value as object).length === 0;
}

/** The fields that two versions do not share; with no version before, everything that was recorded. */
export function changedFields(before: Recorded | null, after: Recorded): RecordedField[] {
  if (before === null) return RECORDED_FIELDS.filter((field) => !isBlank(field, after));
  return RECORDED_FIELDS.filter(
    (field) =>
      comparable(field, before) !== comparable(field, after) &&
      !(isBlank(field, before) && isBlank(field, after)),
  );
}

/** Under which name a correction of the report, or an amendment of one version of it, is kept as a draft. */
export function correctionSubject(target: { id: number; history_id?: number }, isAmendment: boolean): string {
  return isAmendment ? `version-${target.history_id}` : `report-${target.id}`;
}

/** A report as the form holds it, for correcting it. */
export function draftOf(report: Report): ObservationDraft {
  const draft = emptyDraft();
  for (const field of NUMBER_FIELDS) draft.texts[field] = report[field] === null ? '' : String(report[field]);
  return {
    ...draft,
    supplemental_oxygen: report.supplemental_oxygen,
    oxygen_device: report.oxygen_device,
    consciousness: report.consciousness,
    status: report.status,
    warning_signs: report.warning_signs,
    diet: report.diet,
    additional: report.additional,
    medical_advice: report.medical_advice,
    monitoring_interval: report.monitoring_interval,
    not_measured: { ...report.not_measured },
    // What was recorded was confirmed then; only what is typed now is asked about.
    confirmed: NUMBER_FIELDS.map((field) => `${field}:${draft.texts[field]}`),
  };
}

const EMPTY: Record<string, unknown> = {
  oxygen_device: '',
  status: '',
  diet: '',
  additional: '',
  medical_advice: '',
  not_measured: {},
};

/** The fields that depend on another one of the form: a flow is sent with oxygen alone. */
const OF_OXYGEN: ReadonlySet<string> = new Set(['oxygen_flow', 'oxygen_device']);

/**
 * The members of a PATCH that makes `report` what the form holds; {} where nothing was changed.
 * What was emptied becomes null (texts ""): "not taken", never 0. What was stored before a rule was made (a flow
 * without oxygen, a value beside a reason) stays as it is where nobody touched it.
 */
export function changesOf(report: Report, draft: ObservationDraft): Record<string, unknown> {
  const opened = draftOf(report);
  const wanted = payloadOf(draft, report.patient);
  const untouched = payloadOf(opened, report.patient);
  const isOxygenTouched =
    draft.supplemental_oxygen !== opened.supplemental_oxygen ||
    draft.oxygen_device !== opened.oxygen_device ||
    draft.texts.oxygen_flow !== opened.texts.oxygen_flow;
  const isTouched = (field: RecordedField) =>
    OF_OXYGEN.has(field)
      ? isOxygenTouched
      : JSON.stringify(wanted[field]) !== JSON.stringify(untouched[field]);
  const editable = RECORDED_FIELDS.filter((field) => field !== 'datetime' && field !== 'day_of_fever');
  const after = Object.fromEntries(
    editable.map((field) => [field, wanted[field] ?? EMPTY[field] ?? null]),
  ) as Recorded;
  const before = Object.fromEntries(editable.map((field) => [field, report[field]])) as Recorded;
  const changed = changedFields(before, after).filter(isTouched);
  return Object.fromEntries(changed.map((field) => [field, after[field]]));
}
