import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope, nextTick, ref, type EffectScope } from 'vue';

import { http } from '@/api/http';
import type { Amendment } from '@/api/record';
import { settle } from '@/testing';
import { useLedger } from './useLedger';

const entry = (change: Partial<Amendment>): Amendment => ({
  id: 1,
  history_id: 41,
  kind: 'retired',
  amended_at: '2026-11-22T20:10:00Z',
  amended_by: { id: 3, name: 'Lea Ng' },
  reason: 'the first was right',
  before: { history_id: 41, pulse: 92 },
  after: null,
  ...change,
});

const report = ref(7);
const occasion = ref<string | null>(null);
let get: ReturnType<typeof vi.spyOn>;
let scope: EffectScope;
let ledger: ReturnType<typeof useLedger>;

beforeEach(() => {
  report.value = 7;
  occasion.value = null;
  get = vi.spyOn(http, 'get');
  scope = effectScope();
  ledger = scope.run(() =>
    useLedger(
      () => `reports/${report.value}`,
      () => occasion.value,
    ),
  )!;
});
afterEach(() => {
  scope.stop();
  vi.restoreAllMocks();
});

describe('the ledger of a report', () => {
  it('gives the versions that were retired, with who, when and why', async () => {
    get.mockResolvedValue({ results: [entry({}), entry({ id: 2, history_id: 40, kind: 'amended' })] });
    expect(get).not.toHaveBeenCalled();
    occasion.value = 'live';
    await settle();
    expect(get).toHaveBeenCalledWith('/api/reports/7/amendments/?limit=1000');
    expect(ledger.retiredVersions.value).toEqual([{ history_id: 41, pulse: 92 }]);
    expect(ledger.retired.value.get(41)?.reason).toBe('the first was right');
    expect(ledger.retired.value.has(40)).toBe(false);
  });

  it('lets a late answer not overwrite a newer one', async () => {
    const answers: ((answer: unknown) => void)[] = [];
    get.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    occasion.value = 'before';
    await nextTick();
    occasion.value = 'after';
    await nextTick();
    answers[1]!({ results: [entry({ id: 9 })] });
    answers[0]!({ results: [] });
    await settle();
    expect(ledger.entries.value?.map((one) => one.id)).toEqual([9]);
  });

  it('keeps what it has and says so where it cannot be loaded', async () => {
    get.mockResolvedValueOnce({ results: [entry({})] });
    occasion.value = 'before';
    await settle();
    get.mockRejectedValueOnce(new TypeError('lost'));
    occasion.value = 'after';
    await settle();
    expect(ledger.hasFailed.value).toBe(true);
    expect(ledger.retiredVersions.value).toHaveLength(1);
  });

  it('shows nothing of another report', async () => {
    get.mockResolvedValueOnce({ results: [entry({})] });
    occasion.value = 'live';
    await settle();
    get.mockReturnValueOnce(new Promise(() => undefined));
    report.value = 8;
    await nextTick();
    expect(ledger.entries.value).toBeNull();
  });
});
