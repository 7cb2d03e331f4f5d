import { findMaker } from '@/api/patientVersions';
import type { Patient } from '@/api/types';
import { t, type MessageKey } from '@/locales';
import { useFormat } from './useFormat';

/** What is said where somebody else changed a patient first: who, and when. */
export function useConflictText() {
  /** `key` takes {name} and {time}; null where nobody can be named. `standing`: the patient as the server holds it. */
  async function conflictText(
    key: Extract<MessageKey, 'sending.conflictBy' | 'plan.conflictBy' | 'stayUndo.changedBy'>,
    standing: Pick<Patient, 'id' | 'version'>,
  ): Promise<string | null> {
    const made = await findMaker(standing);
    if (made === null) return null;
    const name = made.history_user?.name ?? t('history.nobody');
    return t(key, { name, time: useFormat().dateTime(made.history_date) });
  }

  return { conflictText };
}
