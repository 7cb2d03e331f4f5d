import { describe, expect, it } from 'vitest';

import type { Notification } from '@/api/types';
import { makeNotification } from '@/testing';
import { isLateness, undoOf } from './acknowledging';

const AT = Date.parse('2026-11-22T12:00:00Z');
const NADIA = { id: 1, name: 'Nadia' };

const acknowledged = (id: number, change: Partial<Notification> = {}): Notification =>
  makeNotification({
    id,
    patient: 7,
    status: 'acknowledged',
    acknowledged_by: NADIA,
    acknowledged_at: '2026-11-22T12:00:00Z',
    ...change,
  });

describe('what can be taken back of an act', () => {
  it('is what it acknowledged, for ten seconds', () => {
    const results = [acknowledged(3), acknowledged(4)];
    expect(undoOf(results, 1, AT + 200)).toEqual({ patient: 7, ids: [3, 4], until: AT + 10_000 });
    expect(undoOf(results, 1, AT + 9_999)).not.toBeNull();
    expect(undoOf(results, 1, AT + 10_000)).toBeNull();
  });

  it('is not what somebody else had acknowledged, nor what was resolved meanwhile', () => {
    const results = [
      acknowledged(3, { acknowledged_by: { id: 2, name: 'Dora' } }),
      acknowledged(4),
      acknowledged(5, { status: 'resolved' }),
    ];
    expect(undoOf(results, 1, AT)?.ids).toEqual([4]);
    expect(undoOf(results.slice(0, 1), 1, AT)).toBeNull();
    expect(undoOf([], 1, AT)).toBeNull();
  });

  it('is not what this person acknowledged long ago, and ends with the first that was', () => {
    const earlier = acknowledged(3, { acknowledged_at: '2026-11-22T11:59:53Z' });
    const longAgo = acknowledged(4, { acknowledged_at: '2026-11-22T11:30:00Z' });
    expect(undoOf([earlier, longAgo, acknowledged(5)], 1, AT)).toEqual({
      patient: 7,
      ids: [3, 5],
      until: AT + 3_000,
    });
  });
});

it('holds due and overdue for lateness, and nothing else', () => {
  expect(isLateness({ kind: 'observation_due' })).toBe(true);
  expect(isLateness({ kind: 'observation_overdue' })).toBe(true);
  expect(isLateness({ kind: 'deterioration' })).toBe(false);
});
