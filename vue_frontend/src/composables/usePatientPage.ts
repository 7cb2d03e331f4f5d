import { computed, onBeforeUnmount, ref, watch } from 'vue';

import { RequestRefused } from '@/realtime/protocol';
import { useLiveStore } from '@/stores/live';
import { usePatientsStore } from '@/stores/patients';
import { useReportsStore } from '@/stores/reports';

/** The patient of a page with their reports, kept up to date while the page is open. */
export function usePatientPage(id: () => number) {
  const live = useLiveStore();
  const patients = usePatientsStore();
  const reports = useReportsStore();
  const isMissing = ref(false);
  const hasAsked = ref(false);

  const patient = computed(() => patients.items.get(id()));
  const ownReports = computed(() => reports.ofPatient(id()));
  const watched = computed(() => reports.watched.get(id()));
  /** Whether patient and reports were asked for, and came or did not. */
  const hasAnswer = computed(
    () => hasAsked.value || (patient.value !== undefined && watched.value?.isLoaded === true),
  );

  async function fetch(): Promise<void> {
    // Not "live": while the lists of the house are on their way, the patient who is opened is asked for in between.
    if (!live.isConnected) {
      reports.want(id());
      return;
    }
    isMissing.value = false;
    try {
      const socket = live.currentSocket();
      await Promise.all([
        patient.value === undefined ? patients.loadOne(socket, id()) : null,
        reports.watch(socket, id()),
      ]);
    } catch (error) {
      // Anything but a refusal is the connection's affair: the next greeting lists again.
      isMissing.value = error instanceof RequestRefused && patient.value === undefined;
    } finally {
      hasAsked.value = true;
    }
  }

  async function loadOlder(): Promise<void> {
    await reports.loadOlder(live.currentSocket(), id());
  }

  const hasOlder = computed(
    () => watched.value?.isLoaded === true && (watched.value.count ?? Infinity) > ownReports.value.length,
  );

  /** Fetch pages until reports of `instant` (ms) and before are here, or all are. */
  async function loadBackTo(instant: number): Promise<void> {
    for (;;) {
      const oldest = ownReports.value[0];
      const held = ownReports.value.length;
      if (!hasOlder.value || oldest === undefined || Date.parse(oldest.datetime) < instant) return;
      await loadOlder();
      // A page that brings nothing new would bring nothing for ever.
      if (ownReports.value.length === held) return;
    }
  }

  watch(
    id,
    (_, before) => {
      if (before !== undefined) reports.unwatch(before);
      void fetch();
    },
    { immediate: true },
  );
  watch(
    () => live.state,
    (state) => {
      if (state === 'live' && watched.value?.isLoaded !== true) void fetch();
    },
  );
  onBeforeUnmount(() => reports.unwatch(id()));

  return { patient, reports: ownReports, watched, isMissing, hasAnswer, hasOlder, loadOlder, loadBackTo };
}
