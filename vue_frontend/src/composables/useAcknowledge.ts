import { ref } from 'vue';

import { t } from '@/locales';
import { RequestRefused } from '@/realtime/protocol';
import { useLiveStore } from '@/stores/live';
import { useNotificationsStore } from '@/stores/notifications';
import { useUndoStore } from '@/stores/undo';

/** Acknowledging and taking it back; the answers are the message to show where it did not work, else null. */
export function useAcknowledge() {
  const live = useLiveStore();
  const notifications = useNotificationsStore();
  const undo = useUndoStore();
  const isBusy = ref(false);

  async function attempt(act: () => Promise<void>, failure: (status: number | null) => string) {
    isBusy.value = true;
    try {
      await act();
      return null;
    } catch (error) {
      return failure(error instanceof RequestRefused ? error.status : null);
    } finally {
      isBusy.value = false;
    }
  }

  /** Acknowledge those of one patient that were on the screen, in one act, which can then be taken back. */
  function acknowledge(...ids: number[]): Promise<string | null> {
    return attempt(
      async () => undo.offer(await notifications.acknowledge(live.currentSocket(), ids)),
      (status) => t(status === 403 ? 'notification.forbidden' : 'notification.failed'),
    );
  }

  /** Take the last act back: all of it that can still be. */
  function takeBack(ids: readonly number[]): Promise<string | null> {
    return attempt(
      async () => {
        const answers = await Promise.allSettled(
          ids.map((id) => notifications.unacknowledge(live.currentSocket(), id)),
        );
        const refused = answers.find((one) => one.status === 'rejected');
        if (refused !== undefined) throw refused.reason;
        undo.end();
      },
      (status) => t(status === 409 ? 'notification.undoTooLate' : 'notification.undoFailed'),
    );
  }

  return { acknowledge, takeBack, isBusy };
}
