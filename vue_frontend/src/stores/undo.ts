import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import type { Notification } from '@/api/types';
import { undoOf, type Undo } from '@/domain/acknowledging';
import { useClockStore } from './clock';
import { useNotificationsStore } from './notifications';
import { useSessionStore } from './session';

/** The last act of acknowledging on this screen, while it can be taken back. */
export const useUndoStore = defineStore('undo', () => {
  const clock = useClockStore();
  const notifications = useNotificationsStore();
  const session = useSessionStore();
  const last = shallowRef<(Undo & { user: number }) | null>(null);

  /** What can be taken back at this moment; null where nothing can. What was resolved meanwhile is left out. */
  const offered = computed<Undo | null>(() => {
    const act = last.value;
    // Who signs in next on a shared device is somebody else.
    if (act === null || clock.now >= act.until || act.user !== session.user?.pk) return null;
    const ids = act.ids.filter((id) => notifications.get(id)?.status === 'acknowledged');
    return ids.length === 0 ? null : { patient: act.patient, ids, until: act.until };
  });

  function offer(results: readonly Notification[]): void {
    const user = session.user?.pk;
    const act = user === undefined ? null : undoOf(results, user, clock.current());
    last.value = act === null || user === undefined ? null : { ...act, user };
  }

  function end(): void {
    last.value = null;
  }

  return { offered, offer, end };
});
