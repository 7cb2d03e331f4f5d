import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

import { http } from '@/api/http';
import { NUMBER_FIELDS, type Ranges } from '@/api/types';

interface RangeRow {
  unit: string;
  low: number;
  high: number;
  soft_low: number | null;
  soft_high: number | null;
  whole: boolean;
}

/** The server's table, for the fields that this form knows. */
export function readRanges(answer: unknown): Ranges {
  const rows = answer as Record<string, RangeRow>;
  const ranges: Ranges = {};
  for (const field of NUMBER_FIELDS) {
    const row = rows[field];
    if (row === undefined) continue;
    ranges[field] = {
      unit: row.unit,
      hard: [row.low, row.high],
      soft: row.soft_low !== null && row.soft_high !== null ? [row.soft_low, row.soft_high] : null,
      isWhole: row.whole,
    };
  }
  return ranges;
}

/** What a reading can be and what is asked about twice: one table, the server's. */
export const useRangesStore = defineStore('ranges', () => {
  const ranges = shallowRef<Ranges>({});
  let asked: Promise<void> | null = null;

  async function fetchTable(): Promise<void> {
    try {
      ranges.value = readRanges(await http.get('/api/ranges/'));
    } catch {
      asked = null; // to be asked for again
    }
  }

  /**
   * Fetch the table once; done when it is here, or could not be had. Without it the form still works: the server
   * judges every value again.
   */
  const load = (): Promise<void> => (asked ??= fetchTable());

  return { ranges, load };
});
