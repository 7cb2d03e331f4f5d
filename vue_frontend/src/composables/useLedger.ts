import { computed, ref, shallowRef, watch } from 'vue';

import { http } from '@/api/http';
import type { Amendment, HistoryVersion } from '@/api/record';

/** The server gives the whole ledger of a report or a stay in one page. */
const LIMIT = 1000;

/**
 * The ledger of one report or one patient: what stood in versions before they were amended or retired, newest first.
 *
 * Retired versions have left every list; here they stay. Asked for anew whenever `occasion` changes, null: not now.
 */
export function useLedger(
  of: () => `reports/${number}` | `patients/${number}`,
  occasion: () => string | null,
) {
  const entries = shallowRef<Amendment[] | null>(null);
  const hasFailed = ref(false);
  let asked = 0;

  async function load(): Promise<void> {
    const number = ++asked;
    hasFailed.value = false;
    try {
      const answer = await http.get(`/api/${of()}/amendments/?limit=${LIMIT}`);
      if (number === asked) entries.value = (answer as { results: Amendment[] }).results;
    } catch {
      if (number === asked) hasFailed.value = true;
    }
  }

  watch(
    () => [of(), occasion()] as const,
    ([subject, present], before) => {
      if (before?.[0] !== undefined && before[0] !== subject) entries.value = null;
      if (present !== null) void load();
    },
    { immediate: true },
  );

  /** By the number of the version, the entry that retired it; `before` is the version as it stood. */
  const retired = computed(
    () =>
      new Map(
        (entries.value ?? []).filter((one) => one.kind === 'retired').map((one) => [one.history_id, one]),
      ),
  );
  const retiredVersions = computed(() =>
    [...retired.value.values()].map((one) => one.before as HistoryVersion),
  );

  return { entries, hasFailed, retired, retiredVersions, load };
}
