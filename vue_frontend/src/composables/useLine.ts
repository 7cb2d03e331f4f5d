import { onBeforeUnmount, onMounted, watch } from 'vue';

import { fetchAllParts } from '@/parts';
import { useLiveStore } from '@/stores/live';

/** After the page is live it is left alone for so long: what somebody came for goes first. */
const QUIET_MS = 3_000;
const BETWEEN_PARTS_MS = 100;

const pause = (length: number) => new Promise<void>((resolve) => setTimeout(resolve, length));

/** What the page does about its line: it hears of the browser's network, and fetches ahead what it may need. */
export function useLine(): void {
  const live = useLiveStore();

  /** A moment in which nothing is asked for and the browser has nothing to do. */
  async function idle(): Promise<void> {
    do await pause(BETWEEN_PARTS_MS);
    while (live.state !== 'live' || live.socket?.isBusy === true);
    if ('requestIdleCallback' in window) {
      await new Promise((resolve) => window.requestIdleCallback(resolve, { timeout: 2_000 }));
    }
  }

  async function fetchAhead(): Promise<void> {
    await pause(QUIET_MS);
    performance.mark('wardlight.ahead');
    await fetchAllParts(idle);
    if (!window.isSecureContext || !('serviceWorker' in navigator)) return;
    // Without it a reload on a dead line shows the browser's own page: no more is lost.
    await navigator.serviceWorker
      .register('/sw.js', { scope: '/', updateViaCache: 'none' })
      .catch(() => null);
  }

  const begun = watch(
    () => live.state,
    (state) => {
      if (state !== 'live') return;
      begun.stop();
      void fetchAhead();
    },
  );
  const giveUp = () => live.giveUp();
  const reconnect = () => live.reconnect();
  onMounted(() => {
    addEventListener('offline', giveUp);
    addEventListener('online', reconnect);
  });
  onBeforeUnmount(() => {
    removeEventListener('offline', giveUp);
    removeEventListener('online', reconnect);
  });
}
