import { ref, shallowRef } from 'vue';

import { t } from '@/locales';
import { NoAnswer, RequestRefused, type Reply, type Request, type Stream } from '@/realtime/protocol';
import type { Patient } from '@/api/types';
import { useLiveStore } from '@/stores/live';
import { useConflictText } from './useConflictText';
import { newKey } from './useObservationForm';
import { firstRefusal, messagesByField } from './useRefusals';

/** `uncertain`: sent, but no answer came. The same request can then be sent again and counts once. */
export type SendingState = 'idle' | 'sending' | 'uncertain';

/** A change whose answer was lost is refused the second time, for its version: but it may have been done. */
function isAlreadyDone(reply: Reply, request: Request): boolean {
  if (reply.response_status !== 409 || reply.data === null || typeof reply.data !== 'object') return false;
  const stored = reply.data as Record<string, unknown>;
  return Object.entries(request.data ?? {}).every(
    ([field, value]) =>
      field === 'version' ||
      stored[field] === value ||
      Date.parse(String(stored[field])) === Date.parse(String(value)),
  );
}

/**
 * Send one write and say what became of it: messages by field, a message for all, and the conflict where
 * somebody else was first.
 */
export function useSending<T>(stream: Stream) {
  const live = useLiveStore();
  const { conflictText } = useConflictText();
  const state = ref<SendingState>('idle');
  const message = ref<string | null>(null);
  const fieldMessages = shallowRef<Record<string, string>>({});
  /** The object as it stands on the server, where the version sent was not the newest. */
  const conflict = shallowRef<T | null>(null);
  let sent: Request | null = null;

  function reset(): void {
    message.value = null;
    fieldMessages.value = {};
    conflict.value = null;
  }

  /** The object as stored, or null where it was not, with the reason in `message`. */
  async function send(request: Request): Promise<T | null> {
    if (state.value === 'sending') return null;
    // After a lost answer only the very same request may go again: with its key it cannot be done twice.
    if (state.value !== 'uncertain' || sent === null) sent = { ...request, idempotency_key: newKey() };
    const wasUncertain = state.value === 'uncertain';
    state.value = 'sending';
    reset();
    try {
      const reply = await live.currentSocket().request<T>(stream, sent);
      state.value = 'idle';
      return reply.data;
    } catch (error) {
      if (error instanceof RequestRefused) {
        if (wasUncertain && isAlreadyDone(error.reply, sent)) {
          state.value = 'idle';
          return error.reply.data as T;
        }
        refuse(error.reply);
      } else if (error instanceof NoAnswer && !error.wasSent && !wasUncertain) {
        state.value = 'idle';
        message.value = t('sending.notConnected');
      } else {
        state.value = 'uncertain';
        message.value = t('sending.uncertain');
      }
      return null;
    }
  }

  /** Of a patient the server is asked who it was; a set has its versions beside the form. */
  async function nameWho(standing: Patient): Promise<void> {
    const text = await conflictText('sending.conflictBy', standing);
    if (text !== null && (conflict.value as unknown) === standing) message.value = text;
  }

  function refuse(reply: Reply): void {
    state.value = 'idle';
    if (reply.response_status === 409 && reply.data !== null && typeof reply.data === 'object') {
      conflict.value = reply.data as T;
      message.value = t('sending.conflict');
      if (stream === 'patients') void nameWho(reply.data as Patient);
      return;
    }
    fieldMessages.value = messagesByField(reply.errors);
    message.value =
      reply.response_status === 403 && Object.keys(fieldMessages.value).length === 0
        ? t('sending.forbidden')
        : t('sending.refused', { message: firstRefusal(reply.errors) ?? String(reply.response_status) });
  }

  return { state, message, fieldMessages, conflict, send, reset };
}
