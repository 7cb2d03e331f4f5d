import { computed } from 'vue';
import { useRoute } from 'vue-router';

import { useChosenWard } from '@/composables/useChosenWard';
import { openForm } from '@/composables/useOpenForm';
import type { AlertScreen, WaitingAlert } from '@/domain/alertBar';
import type { Notification } from '@/api/types';
import { usePatientsStore } from '@/stores/patients';

/** What decides how high alerts stand on this screen (`domain/alertBar.ts`). */
export function useAlertScreen() {
  const route = useRoute();
  const patients = usePatientsStore();
  const ward = useChosenWard();

  const screen = computed<Omit<AlertScreen, 'isJustOpened'>>(() => ({
    ward: ward.value,
    patient: typeof route.params.id === 'string' ? Number(route.params.id) : null,
    form: openForm.value,
  }));

  /** By the ward the patient is on now, which may be another than when it was raised. */
  const toWaiting = (one: Notification): WaitingAlert => ({
    id: one.id,
    patient: one.patient,
    ward: patients.items.get(one.patient)?.ward ?? '',
    raisedAt: Date.parse(one.created_at),
  });

  return { screen, toWaiting };
}
