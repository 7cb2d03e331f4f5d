import { computed, ref, shallowRef, watch } from 'vue';

import type { Patient } from '@/api/types';
import { askForPage } from '@/realtime/pages';
import { useLiveStore } from '@/stores/live';
import { usePatientsStore } from '@/stores/patients';

const PAGE_SIZE = 50;

/** Discharged patients, the last discharged first, as many pages as were asked for. */
export function useDischargedPatients(filters: () => { search: string; ward: string }) {
  const live = useLiveStore();
  const patients = usePatientsStore();
  const listed = shallowRef<Patient[]>([]);
  const count = ref<number | null>(null);
  const isLoaded = ref(false);
  const hasFailed = ref(false);
  const hasMore = ref(false);
  let question = 0;

  /** A patient who changed since, here or on another screen, is shown as they are now. */
  const rows = computed(() =>
    listed.value.map((one) => patients.items.get(one.id) ?? one).filter((one) => one.dismissal_date !== null),
  );

  async function ask(from: number): Promise<void> {
    const number = ++question;
    const { search, ward } = filters();
    hasFailed.value = false;
    try {
      const page = await askForPage<Patient>(live.currentSocket(), 'patients', {
        filters: {
          status: 'discharged',
          ordering: '-dismissal_date',
          ...(search === '' ? {} : { search }),
          ...(ward === '' ? {} : { ward }),
        },
        limit: PAGE_SIZE,
        offset: from,
      });
      if (number !== question) return;
      listed.value = from === 0 ? page.results : [...listed.value, ...page.results];
      count.value = page.count;
      hasMore.value = page.next !== null;
      isLoaded.value = true;
    } catch {
      if (number === question) hasFailed.value = live.state === 'live';
    }
  }

  const load = () => ask(0);
  const loadMore = () => ask(listed.value.length);

  let isWanted = false;
  watch(
    () => live.state,
    (state) => {
      if (state === 'live' && isWanted) void load();
    },
  );

  return {
    rows,
    count,
    isLoaded,
    hasFailed,
    hasMore,
    load: () => {
      isWanted = true;
      return load();
    },
    loadMore,
  };
}
