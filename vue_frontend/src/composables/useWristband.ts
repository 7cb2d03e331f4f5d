import { computed, nextTick, onBeforeUnmount, onMounted, readonly, shallowRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';

import type { Patient } from '@/api/types';
import { formatName } from '@/domain/format';
import { findByWristband, readWristband } from '@/domain/wristband';
import { t } from '@/locales';
import { usePatientsStore } from '@/stores/patients';
import { useSessionStore } from '@/stores/session';
import { useScanner } from './useScanner';

export interface WristbandNotice {
  kind: 'good' | 'error';
  text: string;
  /** Somebody else's page, for who wants to go there. Nothing goes there by itself. */
  other: Patient | null;
}

/** How long a match is shown, ms. What is wrong stays until it is closed, put right or left. */
const SHOWN = 8_000;

const notice = shallowRef<WristbandNotice | null>(null);
/** The open form: what is scanned is for it to judge first. */
const listeners = new Set<(number: string) => void>();

/** What the last scan said, while it is shown. */
export const wristbandNotice = readonly(notice);
export const clearWristbandNotice = () => (notice.value = null);

/** While this component is there, a scan is told to it as well. */
export function onWristbandScanned(tell: (number: string) => void): void {
  onMounted(() => listeners.add(tell));
  onBeforeUnmount(() => listeners.delete(tell));
}

/** What a scanned wristband means: on a patient's page, whether it is theirs; elsewhere, that they are opened. */
export function useWristband() {
  const patients = usePatientsStore();
  const session = useSessionStore();
  const route = useRoute();
  const router = useRouter();
  let hiding: ReturnType<typeof setTimeout> | undefined;

  const patientId = computed(() => (typeof route.params.id === 'string' ? Number(route.params.id) : null));

  function say(next: WristbandNotice): void {
    clearTimeout(hiding);
    notice.value = next;
    if (next.kind === 'good') hiding = setTimeout(() => (notice.value = null), SHOWN);
  }
  const warn = (text: string, other: Patient | null = null) => say({ kind: 'error', text, other });

  function check(number: string, patient: Patient): void {
    const reading = readWristband(number, patient, patients.active);
    const name = formatName(patient);
    if (reading.kind === 'right') {
      say({ kind: 'good', text: t('wristband.isOf', { patient: name }), other: null });
    } else if (reading.kind === 'other') {
      warn(t('wristband.other', { other: formatName(reading.other), patient: name }), reading.other);
    } else if (!patients.isLoaded) {
      // It may be somebody's who is not here yet.
      warn(t('wristband.notLoaded'));
    } else {
      warn(t(`wristband.${reading.kind}`, { number, patient: name }));
    }
    for (const tell of listeners) tell(number);
  }

  function open(number: string): void {
    const found = findByWristband(number, patients.active);
    if (found !== undefined) {
      notice.value = null;
      void router.push({ name: 'patient', params: { id: found.id } });
    } else warn(patients.isLoaded ? t('wristband.nobody', { number }) : t('wristband.notLoaded'));
  }

  async function read(number: string): Promise<void> {
    // Scanned twice, it is said twice.
    notice.value = null;
    await nextTick();
    if (patientId.value === null) {
      open(number);
      return;
    }
    const patient = patients.items.get(patientId.value);
    if (patient === undefined) warn(t('wristband.notLoaded'));
    else check(number, patient);
  }

  useScanner(
    () => session.user !== null,
    (number) => void read(number),
  );
  // What was said is about the page that it was said on.
  watch(() => route.path, clearWristbandNotice);
  onBeforeUnmount(() => clearTimeout(hiding));

  return { notice: readonly(notice) };
}
