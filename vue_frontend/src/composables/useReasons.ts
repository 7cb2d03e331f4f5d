import type { Notification, Risk } from '@/api/types';
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
const LEVELS: readonly string[] = ['A', 'C', 'V', 'P', 'U'];
const RISKS: readonly string[] = ['low', 'low-medium', 'medium', 'high'];

const RESOLUTIONS: Record<string, MessageKey> = {
  'based on amended observation': 'reason.resolvedAmended',
  'a later complete set shows none of its causes': 'reason.resolvedBetter',
  'the next observation is due later': 'reason.resolvedRecorded',
  discharged: 'reason.resolvedDischarged',
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
  return reason.message;
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

/** Why it was resolved; the server names the reason by one of a few sentences. */
export function resolutionText(because: string): string {
  const key = RESOLUTIONS[because];
  return key === undefined ? because : t(key);
}
