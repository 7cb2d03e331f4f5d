import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import type { Patient } from '@/api/types';
import type { BoardOrder } from '@/domain/boardOrder';
import { compareByPlace } from '@/domain/names';
import { bedKey, inSharedBeds } from '@/domain/places';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import { pagesOf } from '@/realtime/pages';
import type { ChangeFrame } from '@/realtime/protocol';

/** What this screen shows first. */
interface FirstShown {
  /** The order in which the pages come. */
  order: BoardOrder;
  /** Its patients come before the others; '': none does. */
  ward: string;
}

const ORDERINGS: Record<BoardOrder, string> = { attention: 'urgency,next_due_at', bed: 'ward,bed' };

export const usePatientsStore = defineStore('patients', () => {
  const collection = new EventOrderedCollection<Patient>();
  const first = ref<FirstShown>({ order: 'attention', ward: '' });
  /** Whether everybody is here; before, what is here is shown, and nothing counted. */
  const isLoaded = ref(false);
  /** A ward whose patients are all here, while others are still on their way. */
  const loadedWard = ref('');

  /** Everybody who is on a ward now, in no particular order. */
  const active = computed(() => [...collection.items.values()].filter((one) => one.dismissal_date === null));
  const wards = computed(() =>
    [...new Set(active.value.map((one) => one.ward))].filter((ward) => ward !== '').sort(compareByPlace),
  );

  const sharingBeds = computed(() => inSharedBeds(active.value));

  /** Somebody else on the ward who has this bed; null: it is free, or not named. */
  function inBed(
    place: Pick<Patient, 'ward' | 'bed'>,
    { except }: { except: number | null },
  ): Patient | null {
    const key = bedKey(place);
    if (key === null) return null;
    return active.value.find((one) => one.id !== except && bedKey(one) === key) ?? null;
  }

  const isWardLoaded = (ward: string) => isLoaded.value || (ward !== '' && ward === loadedWard.value);

  /** List afresh, in pages that show at once. Throws what the socket throws. */
  async function load(socket: ObsSocket): Promise<void> {
    const { order, ward } = first.value;
    const snapshot = collection.beginSnapshot();
    const whole = { status: 'active', ordering: ORDERINGS[order] };
    for (const filters of ward === '' ? [whole] : [{ ...whole, ward }, whole]) {
      for await (const page of pagesOf<Patient>(socket, 'patients', { filters })) {
        snapshot.take(page.results, page.event);
      }
      loadedWard.value = ward;
    }
    snapshot.end((held) => held.dismissal_date === null);
    isLoaded.value = true;
  }

  /** Fetch one patient who may not be on the ward any more. Throws RequestRefused (404) where unknown. */
  async function loadOne(socket: ObsSocket, id: number): Promise<void> {
    const reply = await socket.request<Patient>('patients', { action: 'retrieve', pk: id });
    collection.put(reply.data, reply.event ?? 0);
  }

  function receive(frame: ChangeFrame): void {
    if (frame.action === 'delete') collection.remove(Number(frame.data.id), frame.event);
    else collection.put(frame.data as unknown as Patient, frame.event);
  }

  function clear(): void {
    collection.clear();
    isLoaded.value = false;
    loadedWard.value = '';
  }

  return {
    items: collection.items,
    active,
    wards,
    sharingBeds,
    inBed,
    first,
    isLoaded,
    isWardLoaded,
    get: (id: number) => collection.get(id),
    load,
    loadOne,
    receive,
    clear,
    forgetEvents: () => collection.forgetEvents(),
  };
});
