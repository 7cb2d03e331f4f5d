import { computed, ref } from 'vue';

import { useFormat } from '@/composables/useFormat';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';
import { useLiveStore } from '@/stores/live';
import { useSessionStore } from '@/stores/session';

/** Paper does not change any more: when it was printed, by whom, and as of when it is true. */
export function usePrintStamp() {
  const clock = useClockStore();
  const live = useLiveStore();
  const session = useSessionStore();
  const format = useFormat();
  const at = ref(clock.now);

  const text = computed(() => t('print.printedAt', { time: format.dateTime(clock.now), name: session.name }));
  /** Only where the line is dead: the state may be older than the paper. */
  const stale = computed(() =>
    live.state === 'live' ? null : t('print.stale', { time: format.dateTime(live.heardAt ?? at.value) }),
  );

  return { text, stale, print: () => window.print() };
}
