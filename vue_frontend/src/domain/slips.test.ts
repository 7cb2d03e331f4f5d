import { describe, expect, it } from 'vitest';

import type { HistoryVersion } from '@/api/record';
import { makeReport } from '@/testing';
import { isOwnSlip, STRUCK_WITHIN_MS } from './slips';
import { isStruck, withStruck } from './struck';

const NADIA = { id: 4, name: 'Nadia' };
const DARA = { id: 7, name: 'Dara' };
const AT = Date.parse('2026-11-22T12:00:00Z');

const version = (change: Partial<HistoryVersion> = {}): HistoryVersion => ({
  ...makeReport({ pulse: 72, recorded_by: NADIA, created_at: '2026-11-22T12:00:00Z' }),
  history_id: 1,
  history_date: '2026-11-22T12:00:00Z',
  history_type: '+',
  history_user: NADIA,
  history_change_reason: '',
  amendments: 0,
  ...change,
});

describe('a slip', () => {
  it('is struck by who recorded it, for an hour', () => {
    expect(isOwnSlip([version()], NADIA.id, AT + STRUCK_WITHIN_MS)).toBe(true);
    expect(isOwnSlip([version()], NADIA.id, AT + STRUCK_WITHIN_MS + 1)).toBe(false);
    expect(isOwnSlip([version()], DARA.id, AT)).toBe(false);
    expect(isOwnSlip([], NADIA.id, AT)).toBe(false);
  });

  it('that somebody else has changed is not, and one that was scored again is', () => {
    const own = version({ history_id: 2, history_type: '~', pulse: 73 });
    const theirs = version({ history_id: 3, history_type: '~', pulse: 74, history_user: DARA });
    const scored = version({ history_id: 3, history_type: '~', pulse: 73, history_user: DARA });
    expect(isOwnSlip([own, version()], NADIA.id, AT)).toBe(true);
    expect(isOwnSlip([theirs, own, version()], NADIA.id, AT)).toBe(false);
    expect(isOwnSlip([scored, own, version()], NADIA.id, AT)).toBe(true);
    expect(isOwnSlip([version({ amendments: 1 })], NADIA.id, AT)).toBe(false);
  });
});

describe('what was struck', () => {
  it('stands where it was taken, and can be told', () => {
    const first = makeReport({ id: 1, datetime: '2026-11-22T10:00:00Z' });
    const last = makeReport({ id: 3, datetime: '2026-11-22T12:00:00Z' });
    const struck = version({ id: 2, datetime: '2026-11-22T11:00:00Z', history_type: '-' });
    const shown = withStruck([first, last], [struck]);
    expect(shown.map((one) => one.id)).toEqual([1, 2, 3]);
    expect(shown.map(isStruck)).toEqual([false, true, false]);
  });
});
