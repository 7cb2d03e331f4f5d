import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

import { useClockStore } from './clock';

export interface Snooze {
  /** Instant, ms by the server's clock. */
  until: number;
  reason: string;
}

const KEY = 'wardlight.device.snoozes';

function read(): Map<number, Snooze> {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '[]') as [number, Snooze][];
    return new Map(stored.filter(([, snooze]) => typeof snooze.until === 'number'));
  } catch {
    return new Map();
  }
}

/**
 * Notifications snoozed on this device, each with a reason and an end.
 *
 * The server and every other screen go on as before, and so do score and overdue clock: only the bar and the
 * sound of this device rest.
 */
export const useSnoozesStore = defineStore('snoozes', () => {
  const clock = useClockStore();
  const held = shallowRef(read());

  function keep(next: Map<number, Snooze>): void {
    held.value = next;
    try {
      const lasting = [...next].filter(([, snooze]) => snooze.until > clock.now);
      localStorage.setItem(KEY, JSON.stringify(lasting));
    } catch {
      // Blocked storage: it holds until the page is closed.
    }
  }

  /** The snooze that rests this notification now, or null. */
  function of(notification: number): Snooze | null {
    const snooze = held.value.get(notification);
    return snooze !== undefined && snooze.until > clock.now ? snooze : null;
  }

  function begin(notification: number, snooze: Snooze): void {
    keep(new Map(held.value).set(notification, snooze));
  }

  function end(notification: number): void {
    if (!held.value.has(notification)) return;
    const next = new Map(held.value);
    next.delete(notification);
    keep(next);
  }

  return { of, begin, end, clear: () => keep(new Map()) };
});
