import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';

import type { Notification } from '@/api/types';
import { makeNotification } from '@/testing';
import { useNotificationsStore } from './notifications';

beforeEach(() => setActivePinia(createPinia()));

const reason = (rule: string) => ({ rule, message: rule });

function foundBesideScore(...changes: Partial<Notification>[]): Record<number, string> {
  const store = useNotificationsStore();
  changes.forEach((change, index) => {
    const id = index + 1;
    const data = { ...makeNotification({ id, ...change }) };
    store.receive({ type: 'change', action: 'create', data, event: id });
  });
  return Object.fromEntries(store.besideScore);
}

it('names the worst of what no score shows, acknowledged or not', () => {
  expect(
    foundBesideScore(
      { patient: 1, severity: 'medium', reasons: [reason('warning_sign')] },
      { patient: 1, severity: 'high', reasons: [reason('shock_sign')], status: 'acknowledged' },
      { patient: 2, severity: 'high', reasons: [reason('risk_band'), reason('plan_call_at')] },
    ),
  ).toEqual({ 1: 'high', 2: 'high' });
});

it('leaves out what the score shows, what is over, and what is only due', () => {
  expect(
    foundBesideScore(
      { reasons: [reason('risk_band'), reason('total_rise'), reason('single_three')] },
      { reasons: [reason('shock_sign')], status: 'resolved' },
      { reasons: [reason('observation_overdue')], kind: 'observation_overdue' },
    ),
  ).toEqual({});
});
