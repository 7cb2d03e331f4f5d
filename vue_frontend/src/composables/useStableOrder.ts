import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue';

/** Rows keep their places while somebody is pointing, scrolling or tabbing through them, and this long after. */
export const IDLE_MS = 2_000;

const ACTIVITY = ['pointerdown', 'pointermove', 'wheel', 'touchmove', 'keydown', 'scroll'] as const;

/**
 * The wanted order, held back while the screen is in use: what is under a finger must not jump away.
 *
 * New ids are appended and vanished ones dropped at once. `choice` stands for what the person asked to see
 * (order, filter): when that changes, the new order applies at once.
 */
export function useStableOrder(wanted: Ref<readonly number[]>, choice: Ref<unknown>) {
  const held = shallowRef<readonly number[]>(wanted.value);
  const isBusy = ref(false);
  let timer: ReturnType<typeof setTimeout> | null = null;

  const shown = computed(() => {
    const present = new Set(wanted.value);
    const kept = held.value.filter((id) => present.has(id));
    const known = new Set(kept);
    return [...kept, ...wanted.value.filter((id) => !known.has(id))];
  });
  const movedCount = computed(() => shown.value.filter((id, index) => id !== wanted.value[index]).length);

  function apply(): void {
    held.value = wanted.value;
  }

  function noteActivity(): void {
    isBusy.value = true;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      isBusy.value = false;
      apply();
    }, IDLE_MS);
  }

  watch(wanted, () => {
    if (!isBusy.value) apply();
  });
  watch(choice, apply, { flush: 'sync' });
  onMounted(() =>
    ACTIVITY.forEach((name) => addEventListener(name, noteActivity, { passive: true, capture: true })),
  );
  onBeforeUnmount(() => {
    if (timer !== null) clearTimeout(timer);
    ACTIVITY.forEach((name) => removeEventListener(name, noteActivity, { capture: true }));
  });

  return { shown, movedCount, apply };
}
