import { CALL_FIELDS, type Plan } from '@/api/record';
import { t } from '@/locales';
import { useFormat } from './useFormat';

/** A plan in words, for screen and paper: how often, and when to call. */
export function usePlanTexts() {
  const format = useFormat();
  const minutes = (value: number) => format.duration(value * 60_000);

  function stepsOf(plan: Plan): string[] {
    return plan.steps.map((step) =>
      step.for === null
        ? t('plan.stepLast', { every: minutes(step.every) })
        : t('plan.step', { every: minutes(step.every), duration: minutes(step.for) }),
    );
  }

  function callsOf({ call_at: callAt }: Plan): string[] {
    const found = callAt.score === undefined ? [] : [t('plan.callScore', { score: callAt.score })];
    for (const field of CALL_FIELDS) {
      for (const side of ['below', 'above'] as const) {
        const limit = callAt[field]?.[side] ?? null;
        if (limit === null) continue;
        const value = t('common.withUnit', { value: limit, unit: t(`unit.${field}`) });
        found.push(
          t(side === 'below' ? 'plan.callBelow' : 'plan.callAbove', { field: t(`field.${field}`), value }),
        );
      }
    }
    return found;
  }

  return { stepsOf, callsOf };
}
