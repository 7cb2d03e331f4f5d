import type { DueBecause } from '@/api/types';
import { useFormat } from '@/composables/useFormat';
import { t } from '@/locales';

const NOT_SCORED = ['under_16', 'pregnant', 'pathway_none'] as const;
const RISKS = ['low', 'low-medium', 'medium', 'high'] as const;

/** The value where it is one of these words, else undefined. */
const wordOf = <T extends string>(value: unknown, words: readonly T[]) =>
  words.find((word) => word === value);

/** Why a set is due when it is, in words. */
export function useDueReasons() {
  const format = useFormat();
  const isInstant = (value: unknown): value is string =>
    typeof value === 'string' && !Number.isNaN(Date.parse(value));

  /** The sentence of a code that goes by an interval; null: another code, or values that this page cannot read. */
  function ofInterval(code: string, values: DueBecause['values']): string | null {
    if (typeof values.interval !== 'number') return null;
    const duration = format.duration(values.interval * 60_000);
    const score = String(values.score);
    switch (code) {
      case 'first_set':
        return t('due.firstSet', { duration });
      case 'own_interval':
        return t('due.ownInterval', { duration });
      case 'plan':
        return t('due.plan', { duration });
      case 'patient_interval':
        return t('due.patientInterval', { duration });
      case 'pathway': {
        const risk = wordOf(values.risk, RISKS);
        if (values.pathway === 'dengue') return t('due.dengue', { duration });
        if (typeof values.score !== 'number' || risk === undefined) return null;
        return t('due.pathway', { score, risk: t(`risk.${risk}`), duration });
      }
      case 'not_scored': {
        const reason = wordOf(values.not_scored_because, NOT_SCORED);
        if (reason === undefined) return null;
        return t('due.notScored', { reason: t(`score.notScored.${reason}`), duration });
      }
      case 'fall': {
        const risk = wordOf(values.risk_before, RISKS);
        if (typeof values.score_before !== 'number' || risk === undefined) return null;
        return t('due.fall', { before: String(values.score_before), risk: t(`risk.${risk}`), duration });
      }
      case 'after_high':
        if (!isInstant(values.high_at)) return null;
        return t('due.afterHigh', { time: format.dateTime(values.high_at), duration });
      case 'incomplete_set':
        return t('due.incompleteSet', { duration });
      case 'refused_set':
        return t('due.refusedSet', { duration });
      default:
        return null;
    }
  }

  /** Null where nothing is known, or a newer server has a reason that this page does not know. */
  function dueReasonText({ code, values }: DueBecause): string | null {
    switch (code) {
      case 'scored_again':
        return t('due.scoredAgain');
      case 'paused':
        return isInstant(values.until) ? t('due.paused', { time: format.dateTime(values.until) }) : null;
      case 'pathway_none':
        return t('due.pathwayNone');
      case 'discharged':
        return t('due.discharged');
      default:
        return ofInterval(code, values);
    }
  }

  /** From when the interval counts, where that is not `at`: of a late report it is another set. */
  function countedFromText({ code, values }: DueBecause, at: string): string | null {
    if (!isInstant(values.since) || code === 'scored_again') return null;
    if (Date.parse(values.since) === Date.parse(at)) return null;
    return t('due.since', { time: format.dateTime(values.since) });
  }

  /** Both sentences about a report of that time; null: nothing to say. */
  function dueText(because: DueBecause | null | undefined, at: string): string | null {
    if (!because) return null;
    const text = dueReasonText(because);
    const since = countedFromText(because, at);
    return text === null || since === null ? text : `${text} ${since}`;
  }

  return { dueText };
}
