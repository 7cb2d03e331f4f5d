import { defineStore } from 'pinia';
import { ref } from 'vue';

import type { HistoryVersion } from '@/api/record';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import { pagesOf } from '@/realtime/pages';
import type { ChangeFrame } from '@/realtime/protocol';
import { isStruck } from '@/domain/struck';

/** A row of the history by its own number: `id` is the report's. */
interface Kept {
  id: number;
  version: HistoryVersion;
}

const keep = (version: HistoryVersion): Kept => ({ id: version.history_id, version });

/** Sets of one patient that were entered in error, while somebody looks at the record. */
export const useStruckStore = defineStore('struck', () => {
  const collection = new EventOrderedCollection<Kept>();
  const patient = ref<number | null>(null);

  /** List afresh and keep up to date from now on. Throws what the socket throws. */
  async function watch(socket: ObsSocket, id: number): Promise<void> {
    if (patient.value !== id) collection.clear();
    patient.value = id;
    const snapshot = collection.beginSnapshot();
    const filters = { patient: id, history_type: '-' };
    for await (const page of pagesOf<HistoryVersion>(socket, 'history', { filters })) {
      if (patient.value !== id) return;
      snapshot.take(page.results.map(keep), page.event);
    }
    snapshot.end(() => true);
  }

  function receive(frame: ChangeFrame): void {
    const version = frame.data as unknown as HistoryVersion;
    if (frame.action === 'delete' || version.patient !== patient.value || !isStruck(version)) return;
    collection.put(keep(version), frame.event);
  }

  const ofPatient = (id: number): HistoryVersion[] =>
    patient.value === id ? [...collection.items.values()].map((one) => one.version) : [];

  function clear(): void {
    collection.clear();
    patient.value = null;
  }

  return {
    patient,
    watch,
    receive,
    ofPatient,
    clear,
    forgetEvents: () => collection.forgetEvents(),
  };
});
