import { ref, shallowRef } from 'vue';

import { http, HttpError } from '@/api/http';
import type { ImportOutcome } from '@/api/record';
import { t } from '@/locales';
import { firstRefusal, messagesByField } from './useRefusals';

export interface ImportFiles {
  patients: File | null;
  reports: File | null;
}

/** Patients and reports imported from files, and what became of each row. */
export function useImport() {
  const isBusy = ref(false);
  const outcome = shallowRef<ImportOutcome | null>(null);
  /** What is wrong with a file as a whole; then nothing was stored. */
  const fileMessages = shallowRef<Partial<Record<keyof ImportFiles, string>>>({});
  const message = ref<string | null>(null);

  function reset(): void {
    outcome.value = null;
    fileMessages.value = {};
    message.value = null;
  }

  async function send(files: ImportFiles): Promise<void> {
    if (isBusy.value) return;
    reset();
    if (files.patients === null) {
      fileMessages.value = { patients: t('import.patientsMissing') };
      return;
    }
    const body = new FormData();
    body.append('patients', files.patients);
    if (files.reports !== null) body.append('reports', files.reports);
    isBusy.value = true;
    try {
      outcome.value = (await http.post('/api/patients/import/', body)) as ImportOutcome;
    } catch (error) {
      explain(error);
    } finally {
      isBusy.value = false;
    }
  }

  function explain(error: unknown): void {
    // No answer, or not one of ours: rows may have been stored, and sending the files again does no harm.
    if (!(error instanceof HttpError) || error.status >= 500) {
      message.value = t('import.uncertain');
      return;
    }
    if (error.status === 403) {
      message.value = t('sending.forbidden');
      return;
    }
    const { patients, reports } = messagesByField(error.body);
    if (patients === undefined && reports === undefined) {
      message.value = t('import.refused', { message: firstRefusal(error.body) ?? String(error.status) });
    } else fileMessages.value = { patients, reports };
  }

  return { isBusy, outcome, fileMessages, message, send, reset };
}
