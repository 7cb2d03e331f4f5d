import { defineStore } from 'pinia';
import { ref } from 'vue';

import { justAfter } from '@/domain/timeTaken';

const TICK_MS = 1_000;
/** Below this, a difference is the time the frame spent on the way: the clock then stays as it is. */
const JITTER_MS = 400;

/** The server's clock: due times count down on it, whatever the device's own clock says. */
export const useClockStore = defineStore('clock', () => {
  const offset = ref(0);
  const isSet = ref(false);
  /** Now by the server's clock, in milliseconds; moves every second. */
  const now = ref(Date.now());

  function synchronise(serverTime: string): void {
    const measured = Date.parse(serverTime) - Date.now();
    if (Number.isNaN(measured)) return;
    if (!isSet.value || Math.abs(measured - offset.value) > JITTER_MS) offset.value = measured;
    isSet.value = true;
    tick();
  }

  function tick(): void {
    now.value = Date.now() + offset.value;
  }

  /**
   * This very moment, for a time that is sent: `now` may be a second old, and frames take time to arrive. After
   * the instants given, which the server wrote and which are therefore past.
   */
  function current(...past: (string | null | undefined)[]): number {
    tick();
    const known = past.filter((instant) => instant !== null && instant !== undefined);
    return Math.max(now.value, ...known.map(justAfter));
  }

  setInterval(tick, TICK_MS);

  return { now, isSet, synchronise, tick, current };
});
