import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import type { Patient } from '@/api/types';
import { compareByPlace } from '@/domain/names';
import { bedKey, inSharedBeds } from '@/domain/places';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import type { ChangeFrame, ListPage } from '@/realtime/protocol';

const PAGE_SIZE = 1000;

export const usePatientsStore = defineStore('patients', () => {
  const collection = new EventOrderedCollection<Patient>();
  const isLoaded = ref(false);

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

  /** List afresh. Throws what the socket throws. */
  async function load(socket: ObsSocket): Promise<void> {
    const rows: Patient[] = [];
    let event = Infinity;
    for (;;) {
      const reply = await socket.request<ListPage<Patient>>('patients', {
        action: 'list',
        filters: { status: 'active' },
        limit: PAGE_SIZE,
        offset: rows.length,
      });
      rows.push(...reply.data.results);
      // Of several pages, the oldest decides: what changed between them comes as a push.
      event = Math.min(event, reply.event ?? 0);
      if (reply.data.results.length < PAGE_SIZE) break;
    }
    collection.applySnapshot(rows, event, (held) => held.dismissal_date === null);
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
  }

  return {
    items: collection.items,
    active,
    wards,
    sharingBeds,
    inBed,
    isLoaded,
    get: (id: number) => collection.get(id),
    load,
    loadOne,
    receive,
    clear,
    forgetEvents: () => collection.forgetEvents(),
  };
});
