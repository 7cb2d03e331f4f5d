import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';

import type { HistoryVersion } from '@/api/record';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import { askForPage } from '@/realtime/pages';
import type { ChangeFrame } from '@/realtime/protocol';

const PAGE_SIZE = 100;

/** What is looked at: all versions of one report, or those of all reports of one patient. */
export type Watched = { report: number } | { patient: number };

/** A version by its own number: `id` is the report's. */
interface Kept {
  id: number;
  version: HistoryVersion;
}

const keep = (version: HistoryVersion): Kept => ({ id: version.history_id, version });

/** Versions of reports, while somebody looks at them. */
export const useHistoryStore = defineStore('history', () => {
  const collection = new EventOrderedCollection<Kept>();
  const watched = ref<Watched | null>(null);
  const count = ref<number | null>(null);
  const isLoaded = ref(false);
  /** Versions that were retired while this page was open: they have left the server's lists. */
  const retired = shallowReactive(new Map<number, HistoryVersion>());

  /** Newest first. */
  const versions = computed(() =>
    [...collection.items.values()].map((one) => one.version).sort((a, b) => b.history_id - a.history_id),
  );

  const isWatched = (version: HistoryVersion) =>
    watched.value !== null &&
    ('report' in watched.value
      ? version.id === watched.value.report
      : version.patient === watched.value.patient);

  async function fetchPage(socket: ObsSocket, what: Watched, offset: number) {
    return askForPage<HistoryVersion>(socket, 'history', {
      filters: { ...what },
      limit: PAGE_SIZE,
      offset,
    });
  }

  /** List afresh and keep up to date from now on. Throws what the socket throws. */
  async function watch(socket: ObsSocket, what: Watched): Promise<void> {
    if (JSON.stringify(what) !== JSON.stringify(watched.value)) unwatch();
    watched.value = what;
    const page = await fetchPage(socket, what, 0);
    const isWhole = page.next === null;
    const oldest = page.results.at(-1)?.history_id ?? 0;
    collection.applySnapshot(page.results.map(keep), page.event, (held) => isWhole || held.id > oldest);
    count.value = page.count;
    isLoaded.value = true;
  }

  /** The next older page. Throws what the socket throws. */
  async function loadOlder(socket: ObsSocket): Promise<void> {
    if (watched.value === null) return;
    const page = await fetchPage(socket, watched.value, collection.items.size);
    for (const version of page.results) collection.put(keep(version), page.event);
    count.value = page.count;
  }

  function receive(frame: ChangeFrame): void {
    if (watched.value === null) return;
    if (frame.action === 'delete') {
      const held = collection.get(Number(frame.data.history_id));
      if (!collection.remove(Number(frame.data.history_id), frame.event) || held === undefined) return;
      retired.set(held.id, held.version);
      if (count.value !== null) count.value -= 1;
      return;
    }
    const version = frame.data as unknown as HistoryVersion;
    if (!isWatched(version)) return;
    const isNew = collection.get(version.history_id) === undefined;
    if (collection.put(keep(version), frame.event) && isNew && count.value !== null) count.value += 1;
  }

  function unwatch(): void {
    collection.clear();
    retired.clear();
    watched.value = null;
    count.value = null;
    isLoaded.value = false;
  }

  return {
    versions,
    retired,
    watched,
    count,
    isLoaded,
    watch,
    loadOlder,
    receive,
    unwatch,
    clear: unwatch,
    forgetEvents: () => collection.forgetEvents(),
  };
});
