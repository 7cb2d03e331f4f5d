import { computed, onBeforeUnmount, ref, watch, type Ref } from 'vue';

import { useStillMoment } from './useStillMoment';

/** So long a button that has just come under the finger takes no press: it was meant for the one before. */
export const SETTLE_MS = 700;

/**
 * Which of the waiting alerts stands in the bar, by id: one at a time, and it stays until it is dealt with.
 *
 * The bar takes its room from the page, so it comes and goes in a still moment only, unless it is the person's own
 * press that sends it away.
 */
export function useAlertInView(waiting: Ref<readonly number[]>) {
  const { whenStill, stop } = useStillMoment();
  const inView = ref<number | null>(null);
  const isSettled = ref(true);
  let settling: ReturnType<typeof setTimeout> | null = null;

  const next = computed(() =>
    inView.value !== null && waiting.value.includes(inView.value) ? inView.value : (waiting.value[0] ?? null),
  );

  function show(id: number | null): void {
    stop();
    inView.value = id;
    isSettled.value = false;
    if (settling !== null) clearTimeout(settling);
    settling = setTimeout(() => {
      isSettled.value = true;
    }, SETTLE_MS);
  }

  watch(
    next,
    (id) => {
      if (id === inView.value) stop();
      else if (id !== null && inView.value !== null) show(id);
      else whenStill(() => show(next.value));
    },
    { immediate: true },
  );
  onBeforeUnmount(() => settling !== null && clearTimeout(settling));

  /** The person dealt with it: what waits, if anything, may come at once. */
  const moveOn = (): void => show(next.value);

  return { inView, isSettled, moveOn };
}
