import { onBeforeUnmount, onMounted, watch } from 'vue';

import { useLiveStore } from '@/stores/live';

const TICK_MS = 1_000;
/** A timer of a second that comes so late was not running: the device slept. */
const ASLEEP_MS = 30_000;

/** Call back when somebody may look at this screen again: brought to the front, woken, or connected again. */
export function useWaking(wake: () => void): void {
  const live = useLiveStore();
  let tickedAt = Date.now();
  let timer: ReturnType<typeof setInterval> | null = null;

  function look(): void {
    if (document.visibilityState !== 'visible') return;
    tickedAt = Date.now();
    wake();
  }
  function tick(): void {
    const hasSlept = Date.now() - tickedAt >= ASLEEP_MS;
    tickedAt = Date.now();
    // In the background browsers slow timers down; there the page's coming to the front tells.
    if (hasSlept && document.visibilityState === 'visible') wake();
  }

  onMounted(() => {
    document.addEventListener('visibilitychange', look);
    timer = setInterval(tick, TICK_MS);
  });
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', look);
    if (timer !== null) clearInterval(timer);
  });
  watch(
    () => live.isLost,
    (isLost) => {
      if (!isLost) wake();
    },
  );
}
