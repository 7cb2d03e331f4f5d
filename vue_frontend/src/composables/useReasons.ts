import type { Notification, Risk } from '@/api/types';
import { CONSCIOUSNESS_LEVELS, WARNING_SIGNS } from '@/domain/fields';
import { t, type MessageKey } from '@/locales';

type Reason = Notification['reasons'][number];

const FIELDS = [
  'respiration',
  'o2sat',
  'supplemental_oxygen',
  'bp_sys',
  'pulse',
  'consciousness',
  'temperature',
];
const LEVELS: readonly string[] = CONSCIOUSNESS_LEVELS;
const RISKS: readonly string[] = ['low', 'low-medium', 'medium', 'high'];

const SIGNS: readonly string[] = WARNING_SIGNS;
const SHOCK_FIELDS: readonly string[] = ['bp_sys', 'pulse_pressure', 'map', 'capillary_refill'];

const RESOLUTIONS: Record<string, MessageKey> = {
  'based on amended observation': 'reason.resolvedAmended',
  'entered in error': 'slip.struck',
  'a later complete set shows none of its causes': 'reason.resolvedBetter',
  'the next observation is due later': 'reason.resolvedRecorded',
  discharged: 'reason.resolvedDischarged',
  'pathway changed': 'reason.resolvedPathway',
  overdue: 'reason.resolvedOverdue',
  'date of birth corrected': 'reason.resolvedBirth',
  'pregnancy corrected': 'reason.resolvedPregnancy',
};

/** What of the record was put right, so that sets were scored again. */
const CORRECTIONS: Record<string, MessageKey> = {
  'date of birth corrected': 'reason.resolvedBirth',
  'pregnancy corrected': 'reason.resolvedPregnancy',
  'pathway changed': 'reason.resolvedPathway',
  'it is the newest complete set now': 'reason.nowNewest',
};

/** Why it was raised, in the language of this page; a rule that this page does not know speaks for itself. */
export function reasonText(reason: Reason): string {
  const values = reason.values ?? {};
  const total = `${values.complete === false ? t('score.atLeastSign') : ''}${String(values.total)}`;
  if (reason.rule === 'observation_due') return t('reason.due');
  if (reason.rule === 'observation_overdue') return t('reason.overdue');
  if (reason.rule === 'total_rise' && 'total_before' in values)
    return t('reason.rise', { before: String(values.total_before), total });
  if (reason.rule === 'risk_band' && RISKS.includes(String(values.risk)) && 'risk_before' in values) {
    const risk = t(`risk.${values.risk as Risk}`);
    return t('reason.band', { before: t(`risk.${values.risk_before as Risk}`), risk, total });
  }
  if (reason.rule === 'single_three' && FIELDS.includes(String(values.parameter)))
    return single(values, reason.message);
  return dengueText(reason) ?? planText(reason) ?? reason.message;
}

/** A field with its value and unit; null for a field that this page does not know. */
function measured(field: string, value: unknown): { field: string; value: string } | null {
  if (!FIELDS.includes(field) && !SHOCK_FIELDS.includes(field)) return null;
  const unit = t(`unit.${field}` as MessageKey);
  return {
    field: t(`field.${field}` as MessageKey),
    value: t('common.withUnit', { value: String(value), unit }).trim(),
  };
}

/** What the rules of dengue found; null: another rule. */
function dengueText(reason: Reason): string | null {
  const values = reason.values ?? {};
  const value = String(values.value);
  switch (reason.rule) {
    case 'defervescence_provisional':
      return t('reason.feverGone', { value });
    case 'defervescence_confirmed':
      return t('reason.feverStayedAway', { value });
    case 'haemoconcentration': {
      const rise = String(values.rise_percent);
      const risen = t('reason.haemoconcentration', { value, rise, baseline: String(values.baseline) });
      if (values.level !== 2) return risen;
      const fall = { before: String(values.platelet_before), after: String(values.platelet) };
      return `${risen} ${t('reason.plateletsFell', fall)}`;
    }
    case 'shock_sign': {
      const found = measured(String(values.parameter), values.value);
      // The limit goes by age and stands at the sentence's end alone: "... is below 90 mmHg."
      const limit = /([\d.]+) (?:mmHg|s)(?: or less)?\.$/.exec(reason.message)?.[1];
      return found === null || limit === undefined ? null : t('reason.shock', { ...found, limit });
    }
    case 'warning_sign': {
      if (!SIGNS.includes(String(values.parameter))) return null;
      return t('reason.warningSign', { sign: t(`course.signs.${values.parameter}` as MessageKey) });
    }
    case 'low_urine_output':
      return t('reason.urine', { value, hours: String(values.hours), limit: String(values.limit) });
    default:
      return null;
  }
}

/** Which of a doctor's own limits a set passed; null: another rule. */
function planText(reason: Reason): string | null {
  const values = reason.values ?? {};
  if (reason.rule !== 'plan_call_at') return null;
  if (values.parameter === 'score') {
    const total = `${values.complete === false ? t('score.atLeastSign') : ''}${String(values.total)}`;
    return t('reason.planScore', { total, limit: String(values.call_at) });
  }
  const found = measured(String(values.parameter), values.value);
  if (found === null) return null;
  const isBelow = typeof values.below === 'number' && Number(values.value) < values.below;
  return t(isBelow ? 'reason.planBelow' : 'reason.planAbove', {
    ...found,
    limit: String(isBelow ? values.below : values.above),
  });
}

function single(values: Record<string, unknown>, message: string): string {
  const field = String(values.parameter);
  const label = field === 'bp_sys' ? t('field.bp_sys') : t(`field.${field}` as MessageKey);
  const value =
    field === 'consciousness' && LEVELS.includes(String(values.value))
      ? t(`consciousness.${String(values.value)}` as MessageKey)
      : `${String(values.value)} ${field === 'consciousness' ? '' : t(`unit.${field}` as MessageKey)}`.trim();
  // 90 % is a 3 on one scale and wished for on the other: the scale stands beside the value.
  const scale = /SpO2 scale (\d)/.exec(message)?.[1];
  return t('reason.single', {
    field: label,
    value: scale === undefined ? value : `${value} (${t('form.scale', { scale })})`,
  });
}

/** Several things may have been corrected in one act: "date of birth corrected, pathway changed". */
function allKnown(because: string, words: Record<string, MessageKey>): string | null {
  const keys = because.split(', ').map((one) => words[one]);
  const known = keys.filter((key) => key !== undefined);
  return known.length === keys.length ? known.map((key) => t(key)).join(', ') : null;
}

/** Why it was resolved; the server names the reason by one of a few sentences. */
export function resolutionText(because: string): string {
  return allKnown(because, RESOLUTIONS) ?? because;
}

const SCORED_AGAIN = 'scored again: ';

/** Why a version was made, where the server gave the reason and not a person: as stored, what this page does not know. */
export function versionReasonText(reason: string): string {
  // The second is what versions of before say.
  if (reason === 'imported' || reason === 'taken in') return t('reason.imported');
  if (!reason.startsWith(SCORED_AGAIN)) return reason;
  const because = allKnown(reason.slice(SCORED_AGAIN.length), CORRECTIONS);
  return because === null ? reason : t('reason.scoredAgain', { because });
}
