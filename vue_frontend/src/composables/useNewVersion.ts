import { onBeforeUnmount, ref, watch } from 'vue';

import { useLiveStore } from '@/stores/live';

const CHECK_EVERY_MS = 30 * 60_000;

/** The file that the page starts from; its name holds a hash of what is in it. */
export function scriptOf(page: string): string | null {
  return /\/static\/app\/main\.[0-9a-z]+\.js/.exec(page)?.[0] ?? null;
}

/**
 * Whether the server hands out another version of this application than the one that runs here.
 *
 * Asked after each lost connection, for a restart is how versions change, and each half hour.
 */
export function useNewVersion() {
  const live = useLiveStore();
  const running = scriptOf(document.head.innerHTML);
  const isThere = ref(false);
  // A page that came from this device's own store may be of an older release.
  let wasLive = document.documentElement.dataset.signedIn === 'unknown';

  async function check(): Promise<void> {
    if (running === null || isThere.value) return;
    try {
      const response = await fetch('/', { cache: 'no-store', credentials: 'same-origin' });
      const offered = response.ok ? scriptOf(await response.text()) : null;
      isThere.value = offered !== null && offered !== running;
    } catch {
      // Unreachable: the next connection asks again.
    }
  }

  watch(
    () => live.state,
    (state) => {
      if (state !== 'live') return;
      if (wasLive) void check();
      wasLive = true;
    },
  );
  const timer = setInterval(() => void check(), CHECK_EVERY_MS);
  onBeforeUnmount(() => clearInterval(timer));

  return { isThere };
}
