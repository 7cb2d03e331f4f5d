import { computed, onScopeDispose, reactive, ref, shallowRef, watch } from 'vue';

import type { NumberField, Patient, Preview, Ranges, Report } from '@/api/types';
import { ageInYears } from '@/domain/format';
import * as entry from '@/domain/observationDraft';
import { instantTaken, isOfEarlierDay, takenNow, type TimeTaken } from '@/domain/timeTaken';
import { t } from '@/locales';
import { NoAnswer, RequestRefused, type Reply, type Request } from '@/realtime/protocol';
import { firstRefusal, messagesByField } from './useRefusals';

/** `uncertain`: sent, but no answer came. Until one does, the same set can only be sent again, unchanged. */
export type FormState = 'editing' | 'sending' | 'uncertain' | 'saved';

export interface FormSurroundings {
  patient: () => Patient;
  ranges: () => Ranges;
  previous: () => ReadonlyMap<string, entry.PreviousReading>;
  /** The texts of what the server holds already, where that is corrected. */
  stored?: () => Partial<Record<NumberField, string>>;
  now: () => number;
  timeZone: string;
  /** Whether the server can be asked for the live score. */
  isConnected: () => boolean;
  /** A report that is there is corrected: the server, which would hold its weight against itself, is not asked. */
  isCorrection?: boolean;
  /** Send to the `reports` stream. Throws RequestRefused or NoAnswer. */
  request: <T>(request: Request) => Promise<Reply<T>>;
}

const PREVIEW_DELAY_MS = 150;

/** randomUUID exists on https and localhost only; a ward's server may be neither. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** One set being entered: its draft, the live score, and sending it exactly once. */
export function useObservationForm(surroundings: FormSurroundings) {
  const draft = reactive(entry.emptyDraft());
  const time = reactive<TimeTaken>(takenNow());
  const state = ref<FormState>('editing');
  const preview = shallowRef<Preview | null>(null);
  const message = ref<string | null>(null);
  const serverMessages = shallowRef<Record<string, string>>({});
  const saved = shallowRef<Report | null>(null);
  const sent = shallowRef<entry.Sent | null>(null);

  const previousNumbers = computed(() => {
    const numbers: entry.PreviousValues = {};
    for (const [field, reading] of surroundings.previous()) {
      if (typeof reading.value === 'number') numbers[field as NumberField] = reading.value;
    }
    return numbers;
  });
  const problems = computed(() => entry.problemsOf(draft, surroundings.ranges(), surroundings.stored?.()));
  /** The preview that was answered last: the body that was asked for, and what the server calls unusual in it. */
  const answered = shallowRef<{ body: string; unusual: Preview['unusual'] }>({ body: '', unusual: {} });
  const isAdult = computed(() => {
    const born = surroundings.patient().date_of_birth;
    return born === null || ageInYears(born, surroundings.now(), surroundings.timeZone) >= 16;
  });
  const warnings = computed(() => {
    const isOfThis = surroundings.isCorrection !== true && answered.value.body === previewBody.value;
    return entry.warningsOf(draft, surroundings.ranges(), previousNumbers.value, {
      isAdult: isAdult.value,
      unusual: isOfThis ? answered.value.unusual : {},
    });
  });
  const missing = computed(() => entry.missingFields(draft));
  const isUntouched = computed(() => entry.isUntouched(draft));
  const taken = computed(() =>
    instantTaken(time, surroundings.now(), surroundings.patient().admission_date, surroundings.timeZone),
  );
  /** Taken before today: the record keeps why it is entered so late. */
  const needsReason = computed(
    () =>
      taken.value.at !== null && isOfEarlierDay(taken.value.at, surroundings.now(), surroundings.timeZone),
  );
  const lacksReason = computed(
    () => surroundings.isCorrection !== true && needsReason.value && time.reason.trim() === '',
  );
  const unexplained = computed(() =>
    entry.isSet(draft) ? missing.value.filter((field) => draft.not_measured[field] === undefined) : [],
  );

  /** The first reason why this cannot be saved as it stands; null where it can, be it as a partial set. */
  const obstacle = computed<string | null>(() => {
    if (isUntouched.value) return t('form.nothing');
    if (Object.keys(problems.value).length > 0) return t('form.correctFirst');
    if (Object.values(warnings.value).some((warning) => !warning.isConfirmed)) return t('form.confirmFirst');
    if (taken.value.problem !== null) return t('form.correctFirst');
    return lacksReason.value ? t('lateSet.reasonMissing') : null;
  });

  // ------------------------------------------------------------ live score
  let previewTimer: ReturnType<typeof setTimeout> | null = null;
  let previewNumber = 0;

  const previewBody = computed(() =>
    JSON.stringify(entry.payloadOf(draft, surroundings.patient().id, new Set(Object.keys(problems.value)))),
  );

  async function askForPreview(): Promise<void> {
    const number = ++previewNumber;
    const body = previewBody.value;
    const isSet = entry.isSet(draft);
    // A weight alone is no set, and has no score; but the server knows the last one.
    if (!isSet && draft.texts.weight === '') {
      preview.value = null;
      return;
    }
    try {
      const data = JSON.parse(body) as Record<string, unknown>;
      const reply = await surroundings.request<Preview>({ action: 'preview', data });
      // An answer that was overtaken by a later question says nothing about what is on the screen.
      if (number !== previewNumber) return;
      preview.value = isSet ? reply.data : null;
      answered.value = { body, unusual: reply.data.unusual ?? {} };
    } catch {
      if (number === previewNumber) preview.value = null;
    }
  }

  watch(previewBody, () => {
    // Nothing can be changed then, and what is said goes on being true.
    if (state.value !== 'uncertain') message.value = null;
    serverMessages.value = {};
    if (previewTimer !== null) clearTimeout(previewTimer);
    previewTimer = setTimeout(() => void askForPreview(), PREVIEW_DELAY_MS);
  });
  // What was typed while the line was down has no score yet.
  watch(surroundings.isConnected, (is) => is && void askForPreview());
  onScopeDispose(() => {
    if (previewTimer !== null) clearTimeout(previewTimer);
  });

  // ------------------------------------------------------------ saving
  /** Send, or send again. The same body always goes with the same key, so that it cannot be stored twice. */
  async function save(): Promise<void> {
    if (state.value === 'sending' || state.value === 'saved') return;
    if (state.value === 'editing' && mustAskFirst()) {
      state.value = 'sending';
      await askForPreview();
      state.value = 'editing';
    }
    if (state.value !== 'uncertain') {
      if (obstacle.value !== null || taken.value.at === null) return;
      const body = {
        ...entry.payloadOf(draft, surroundings.patient().id),
        datetime: new Date(taken.value.at).toISOString(),
        ...(needsReason.value ? { history_change_reason: time.reason.trim() } : {}),
      };
      sent.value = { key: newKey(), body };
    }
    await send();
  }

  /** Whether the server has a weight to hold this one against that is not on this page, and was not asked yet. */
  function mustAskFirst(): boolean {
    const isWeighed = draft.texts.weight !== '' && previousNumbers.value.weight === undefined;
    return isWeighed && surroundings.isConnected() && answered.value.body !== previewBody.value;
  }

  async function send(): Promise<void> {
    if (sent.value === null) return;
    const wasUncertain = state.value === 'uncertain';
    state.value = 'sending';
    message.value = null;
    try {
      const reply = await surroundings.request<Report>({
        action: 'create',
        data: sent.value.body,
        idempotency_key: sent.value.key,
      });
      saved.value = reply.data;
      state.value = 'saved';
    } catch (error) {
      if (error instanceof RequestRefused) refuse(error);
      else if (error instanceof NoAnswer && !error.wasSent && !wasUncertain) {
        state.value = 'editing';
        sent.value = null;
        message.value = t('form.notConnected');
      } else {
        state.value = 'uncertain';
        message.value = t('form.uncertain');
      }
    }
  }

  function refuse(error: RequestRefused): void {
    state.value = 'editing';
    sent.value = null;
    if (error.status === 403) {
      message.value = t('form.forbidden');
      return;
    }
    serverMessages.value = messagesByField(error.reply.errors);
    message.value = t('form.refused', { message: firstRefusal(error.reply.errors) ?? String(error.status) });
  }

  /** `onItsWay`: what was sent when this was kept. Whether it arrived is not known: it goes again as it was. */
  function restore(stored: entry.ObservationDraft, onItsWay: entry.Sent | null = null): void {
    Object.assign(draft, entry.emptyDraft(), stored);
    if (onItsWay === null) return;
    sent.value = onItsWay;
    state.value = 'uncertain';
    message.value = t('form.uncertain');
  }

  function clear(): void {
    sent.value = null;
    state.value = 'editing';
    message.value = null;
    Object.assign(draft, entry.emptyDraft());
    Object.assign(time, takenNow());
    preview.value = null;
  }

  return {
    draft,
    time,
    state,
    preview,
    sent,
    message,
    serverMessages,
    saved,
    problems,
    warnings,
    missing,
    unexplained,
    isUntouched,
    taken,
    needsReason,
    lacksReason,
    obstacle,
    save,
    restore,
    clear,
    confirm: (field: NumberField) => entry.confirm(draft, field),
  };
}

export type ObservationForm = ReturnType<typeof useObservationForm>;
