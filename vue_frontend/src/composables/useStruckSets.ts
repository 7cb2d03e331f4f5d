import { computed, onBeforeUnmount, ref, watch } from 'vue';

import { useLiveStore } from '@/stores/live';
import { useStruckStore } from '@/stores/struck';

/** What of a patient was entered in error, kept up to date while the page is open. */
export function useStruckSets(id: () => number) {
  const live = useLiveStore();
  const store = useStruckStore();
  /** Whether it was asked for, and came or did not. */
  const hasAnswer = ref(false);

  watch(
    () => [live.state, id()] as const,
    async ([state, patient]) => {
      if (state !== 'live') return;
      // Without it the page stands all the same; the next greeting asks again.
      await store.watch(live.currentSocket(), patient).catch(() => undefined);
      hasAnswer.value = true;
    },
    { immediate: true },
  );
  onBeforeUnmount(() => store.clear());

  return { struck: computed(() => store.ofPatient(id())), hasAnswer };
}
