import { ref, shallowRef } from 'vue';

import { HttpError } from '@/api/http';
import type { ErrorBody } from '@/api/types';
import { t } from '@/locales';
import { useLiveStore } from '@/stores/live';
import { firstRefusal, messagesByField } from './useRefusals';

/** One write over REST: whether it runs, and what the server said against it. */
export function useSaving() {
  const live = useLiveStore();
  const isBusy = ref(false);
  const message = ref<string | null>(null);
  const fieldMessages = shallowRef<Record<string, string>>({});
  /** The status of a refusal: 409 where somebody else was first. */
  const status = ref<number | null>(null);
  /** What the refusal said: at 409 the object as it stands. */
  const body = shallowRef<ErrorBody>(null);

  function reset(): void {
    message.value = null;
    fieldMessages.value = {};
    status.value = null;
    body.value = null;
  }

  /** Whether it was done. */
  async function save(write: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false;
    isBusy.value = true;
    reset();
    const letGo = live.socket?.holdPages();
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof HttpError)) message.value = t('plan.notConnected');
      else {
        status.value = error.status;
        body.value = error.body;
        fieldMessages.value = messagesByField(error.body);
        message.value = t('plan.failed', { message: firstRefusal(error.body) ?? String(error.status) });
      }
      return false;
    } finally {
      letGo?.();
      isBusy.value = false;
    }
  }

  return { isBusy, message, fieldMessages, status, body, save, reset };
}
