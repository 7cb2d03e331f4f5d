import { ref } from 'vue';

import { t } from '@/locales';
import { RequestRefused } from '@/realtime/protocol';
import { useLiveStore } from '@/stores/live';
import { useNotificationsStore } from '@/stores/notifications';

/** Acknowledge a notification; the answer is the message to show where it did not work, else null. */
export function useAcknowledge() {
  const live = useLiveStore();
  const notifications = useNotificationsStore();
  const isBusy = ref(false);

  async function acknowledge(id: number): Promise<string | null> {
    isBusy.value = true;
    try {
      await notifications.acknowledge(live.currentSocket(), id);
      return null;
    } catch (error) {
      const isForbidden = error instanceof RequestRefused && error.status === 403;
      return isForbidden ? t('notification.forbidden') : t('notification.failed');
    } finally {
      isBusy.value = false;
    }
  }

  return { acknowledge, isBusy };
}
