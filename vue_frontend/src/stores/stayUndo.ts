import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';

import type { Patient } from '@/api/types';
import { t } from '@/locales';
import { RequestRefused, type Request } from '@/realtime/protocol';
import { useClockStore } from './clock';
import { useLiveStore } from './live';
import { usePatientsStore } from './patients';
import { useSessionStore } from './session';

/** So long the screen offers to take back a move, a swap or a discharge. The server has no such limit. */
export const UNDO_STAY_MS = 10 * 60_000;

export type StayActKind = 'move' | 'swap' | 'discharge';

/** One act on the stay of a patient, and what takes it back. */
export interface StayAct {
  kind: StayActKind;
  patient: Patient;
  /** The other one, where two changed places. */
  other: Patient | null;
  undo: Request;
  /** Instant, ms by the server's clock. */
  until: number;
  user: number;
}

/** What was done here with stays in the last ten minutes, to be said and taken back: the newest that still can be. */
export const useStayUndoStore = defineStore('stayUndo', () => {
  const clock = useClockStore();
  const live = useLiveStore();
  const patients = usePatientsStore();
  const session = useSessionStore();
  const acts = shallowRef<readonly StayAct[]>([]);
  const isBusy = ref(false);
  /** Where somebody else was first, the patient as they changed it. */
  const standing = shallowRef<Patient | null>(null);

  /** Whether nobody has changed the patient since: the version is the one that the act made. */
  const isAsItWas = (patient: Patient | null) =>
    patient === null || (patients.get(patient.id)?.version ?? patient.version) <= patient.version;

  const offered = computed<StayAct | null>(
    () =>
      acts.value
        .filter(
          (act) =>
            // Who signs in next on a shared device is somebody else.
            act.user === session.user?.pk &&
            clock.now < act.until &&
            isAsItWas(act.patient) &&
            isAsItWas(act.other),
        )
        .at(-1) ?? null,
  );

  function offer(act: Pick<StayAct, 'kind' | 'patient' | 'other' | 'undo'>): void {
    const user = session.user?.pk;
    if (user === undefined) return;
    const now = clock.current();
    const open = acts.value.filter((one) => one.until > now);
    acts.value = [...open, { ...act, user, until: now + UNDO_STAY_MS }];
  }

  /** The patient was moved: `before` is the place that is given back. */
  function offerMove(moved: Patient, before: Pick<Patient, 'ward' | 'bed'>): void {
    const data = { ward: before.ward, bed: before.bed, version: moved.version };
    offer({ kind: 'move', patient: moved, other: null, undo: { action: 'patch', pk: moved.id, data } });
  }

  function offerDischarge(gone: Patient): void {
    const data = { dismissal_date: null, version: gone.version };
    offer({ kind: 'discharge', patient: gone, other: null, undo: { action: 'patch', pk: gone.id, data } });
  }

  function offerSwap(one: Patient, other: Patient): void {
    const data = { with: other.id, version: one.version, with_version: other.version };
    offer({ kind: 'swap', patient: one, other, undo: { action: 'swap_bed', pk: one.id, data } });
  }

  function dismiss(act: StayAct): void {
    acts.value = acts.value.filter((one) => one !== act);
  }

  /** Take it back; null where that was done, else what to say. */
  async function takeBack(act: StayAct): Promise<string | null> {
    isBusy.value = true;
    standing.value = null;
    try {
      await live.currentSocket().request('patients', act.undo);
      dismiss(act);
      return null;
    } catch (error) {
      if (!(error instanceof RequestRefused)) return t('sending.notConnected');
      dismiss(act);
      if (error.status === 409) standing.value = error.reply.data as Patient | null;
      return t(error.status === 409 ? 'stayUndo.changed' : 'stayUndo.failed');
    } finally {
      isBusy.value = false;
    }
  }

  return { offered, isBusy, standing, offerMove, offerDischarge, offerSwap, dismiss, takeBack };
});
