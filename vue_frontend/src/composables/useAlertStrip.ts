import { computed, ref, watch } from 'vue';

import { useFormat } from '@/composables/useFormat';
import { useStillMoment } from '@/composables/useStillMoment';
import type { AlertCount } from '@/domain/alertBar';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';

/**
 * The strip of high alerts that a screen does not answer for: how many, since when and of which wards, never who.
 *
 * It takes its room from the page, so it comes and goes in a still moment, or when `settle` is called.
 */
export function useAlertStrip(wanted: () => AlertCount | null) {
  const clock = useClockStore();
  const format = useFormat();
  const { whenStill, stop } = useStillMoment();
  const isShown = ref(false);
  /** What it said last: its room is held for a moment after. */
  const held = ref<AlertCount | null>(null);

  watch(
    wanted,
    (now) => {
      if (now !== null) held.value = now;
    },
    { immediate: true },
  );
  function settle(): void {
    stop();
    isShown.value = wanted() !== null;
  }
  watch(
    () => wanted() !== null,
    () => whenStill(settle),
    { immediate: true },
  );

  const strip = computed(() => (isShown.value ? held.value : null));
  const wards = computed(() => strip.value?.wards.join(', ') ?? '');
  const textWith = (first: string) =>
    wards.value === '' ? first : `${first} · ${t('board.wardNamed', { ward: wards.value })}`;
  const stripText = computed(() => {
    if (strip.value === null) return '';
    const duration = format.elapsed(clock.now - strip.value.oldestAt);
    return textWith(t('notification.summary', { duration }, strip.value.count));
  });
  /** The same without what changes by the minute: for reading out. */
  const stripSaid = computed(() =>
    strip.value === null ? '' : textWith(t('notification.stripSaid', {}, strip.value.count)),
  );

  return { strip, stripText, stripSaid, settle };
}
