import { describe, expect, it } from 'vitest';

import type { Amendment, HistoryVersion } from '@/api/record';
import { makeReport } from '@/testing';
import { actsOf } from './auditTrail';

const nurse = { id: 1, name: 'Nadia Nurse' };
const lead = { id: 2, name: 'Liam Lead' };

function version(history_id: number, change: Partial<HistoryVersion> = {}): HistoryVersion {
  return {
    ...makeReport({ id: 7, pulse: 70 }),
    history_id,
    history_date: `2026-11-22T1${history_id}:00:00Z`,
    history_type: '+',
    history_user: nurse,
    history_change_reason: '',
    amendments: 0,
    ...change,
  };
}
function entry(id: number, change: Partial<Amendment>): Amendment {
  return {
    id,
    history_id: 1,
    kind: 'amended',
    amended_at: '2026-11-22T19:00:00Z',
    amended_by: lead,
    reason: 'misread',
    before: version(1),
    after: version(1, { pulse: 80 }),
    ...change,
  };
}
const told = (acts: ReturnType<typeof actsOf>) => acts.map((one) => [one.kind, one.by?.name, one.isRetired]);

describe('the acts of a patient’s history', () => {
  it('show a version as it was saved and its amendment as an act of its own', () => {
    const today = version(1, { pulse: 80, amendments: 1, history_change_reason: 'misread' });
    const acts = actsOf([today], [entry(1, {})], { isWhole: true });
    expect(told(acts)).toEqual([
      ['amended', 'Liam Lead', false],
      ['+', 'Nadia Nurse', false],
    ]);
    expect(acts[0]).toMatchObject({ reason: 'misread', before: { pulse: 70 }, after: { pulse: 80 } });
    expect(acts[1]).toMatchObject({ reason: '', before: null, after: { pulse: 70 } });
  });

  it('show a retired version struck through, and who retired it', () => {
    const retired = version(2, { history_type: '~', pulse: 90 });
    const kept = entry(1, { history_id: 2, kind: 'retired', before: retired, after: null });
    const acts = actsOf([version(1)], [kept], { isWhole: true });
    expect(told(acts)).toEqual([
      ['retired', 'Liam Lead', false],
      ['~', 'Nadia Nurse', true],
      ['+', 'Nadia Nurse', false],
    ]);
    expect(acts[1]).toMatchObject({ before: { pulse: 70 }, after: { pulse: 90 } });
    expect(acts[0]!.after).toBeNull();
  });

  it('compare with what stood at that time, not with what was retired or amended since', () => {
    const amendedLater = entry(1, { amended_at: '2026-11-22T18:00:00Z' });
    const gone = entry(2, {
      history_id: 2,
      kind: 'retired',
      amended_at: '2026-11-22T12:30:00Z',
      before: version(2, { history_type: '~', pulse: 999 }),
      after: null,
    });
    const today = [version(3, { history_type: '~', pulse: 75 }), version(1, { pulse: 80, amendments: 1 })];
    const acts = actsOf(today, [gone, amendedLater], { isWhole: true });
    const third = acts.find((one) => one.key === 'v3');
    expect(third).toMatchObject({ before: { pulse: 70 }, after: { pulse: 75 } });
  });

  it('leave out what the ledger tells of the time before the versions that are here', () => {
    const old = entry(1, { history_id: 1, kind: 'retired', amended_at: '2026-11-22T11:30:00Z', after: null });
    const acts = actsOf([version(5)], [old], { isWhole: false });
    expect(told(acts)).toEqual([['+', 'Nadia Nurse', false]]);
    expect(actsOf([version(5)], [old], { isWhole: true })).toHaveLength(3);
  });
});
