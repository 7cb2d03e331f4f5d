import { computed } from 'vue';

import type { Consciousness, NumberField } from '@/api/types';
import type { ObservationForm } from '@/composables/useObservationForm';
import { DECIMALS } from '@/domain/fields';
import { formatReading } from '@/domain/format';
import type { PreviousReading } from '@/domain/observationDraft';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';
import { useRangesStore } from '@/stores/ranges';
import { useFormat } from './useFormat';
import { refusalText } from './useRefusals';

interface Context {
  form: ObservationForm;
  previous: ReadonlyMap<string, PreviousReading>;
}

/** What the form says about each field: the last value and its age, what is wrong, what is unusual. */
export function useFieldTexts(context: Context) {
  const clock = useClockStore();
  const ranges = useRangesStore();
  const format = useFormat();

  const withUnit = (field: NumberField, value: number | string) =>
    t('common.withUnit', { value, unit: t(`unit.${field}`) });

  function withAge(value: string, at: string): string {
    return t('form.lastAge', { value, age: format.ago(at, clock.now) });
  }

  /** The last value, for comparison only: it is never filled in. */
  function last(field: NumberField): string | null {
    const reading = context.previous.get(field);
    if (reading === undefined || typeof reading.value !== 'number') return null;
    return withAge(formatReading(reading.value, DECIMALS[field]), reading.at);
  }

  const lastPressure = computed(() => {
    const systolic = context.previous.get('bp_sys');
    const diastolic = context.previous.get('bp_dia');
    if (systolic === undefined) return null;
    const lower = diastolic?.at === systolic.at ? String(diastolic.value) : '–';
    return withAge(`${systolic.value}/${lower}`, systolic.at);
  });

  const lastOxygen = computed(() => {
    const reading = context.previous.get('supplemental_oxygen');
    if (reading === undefined) return null;
    const flow = context.previous.get('oxygen_flow');
    const amount =
      reading.value === true && flow?.at === reading.at
        ? ` ${withUnit('oxygen_flow', String(flow.value))}`
        : '';
    return withAge(`${t(reading.value === true ? 'oxygen.oxygen' : 'oxygen.air')}${amount}`, reading.at);
  });

  const lastConsciousness = computed(() => {
    const reading = context.previous.get('consciousness');
    if (reading === undefined) return null;
    return withAge(t(`consciousness.${reading.value as Consciousness}`), reading.at);
  });

  function problem(field: NumberField): string | null {
    const refused = context.form.serverMessages.value[field];
    const found = context.form.problems.value[field];
    if (found === undefined) return refused ?? null;
    const hard = ranges.ranges[field]?.hard ?? [0, 0];
    return t(`form.${found}`, { field: t(`field.${field}`), low: hard[0], high: withUnit(field, hard[1]) });
  }

  function warning(field: NumberField): { text: string; isConfirmed: boolean } | null {
    const found = context.form.warnings.value[field];
    if (found === undefined) return null;
    const value = withUnit(field, context.form.draft.texts[field]);
    const before = String(context.previous.get(field)?.value ?? '');
    if (found.kind === 'server') {
      return { text: refusalText(field, found.message ?? ''), isConfirmed: found.isConfirmed };
    }
    return {
      text: t(`form.${found.kind}`, { field: t(`field.${field}`), value, before }),
      isConfirmed: found.isConfirmed,
    };
  }

  const firstOpen = (fields: readonly NumberField[]) =>
    fields.find((field) => context.form.warnings.value[field]?.isConfirmed === false) ??
    fields.find((field) => context.form.warnings.value[field] !== undefined);

  /** Of several fields on one line, what is still to be confirmed comes first. */
  function openWarning(fields: readonly NumberField[]) {
    const field = firstOpen(fields);
    return field === undefined ? null : warning(field);
  }

  function confirmFirst(fields: readonly NumberField[]): void {
    const field = firstOpen(fields);
    if (field !== undefined) context.form.confirm(field);
  }

  return { last, lastPressure, lastOxygen, lastConsciousness, problem, warning, openWarning, confirmFirst };
}
