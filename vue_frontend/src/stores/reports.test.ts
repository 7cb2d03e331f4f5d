// @vitest-environment jsdom

import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';

import type { Report } from '@/api/types';
import { usePatientFlags } from '@/composables/usePatientFlags';
import { makeNews2, makePatient, makeReport } from '@/testing';
import { useReportsStore } from './reports';

const noParts = Object.fromEntries(Object.keys(makeNews2().parts).map((field) => [field, null]));
const notScored = makeNews2({
  score: null,
  risk: null,
  parts: noParts as never,
  not_scored_because: 'under_16',
});

beforeEach(() => setActivePinia(createPinia()));

function hasOxygenFlag(...changes: Partial<Report>[]): boolean {
  const store = useReportsStore();
  changes.forEach((change, index) => {
    const at = `2026-11-22T0${index + 1}:00:00Z`;
    const data = { ...makeReport({ id: index + 1, datetime: at, news2: notScored, ...change }) };
    store.receive({ type: 'change', action: 'create', data, event: index + 1 });
  });
  const last = changes.at(-1)!;
  const patient = makePatient({
    last_report: {
      id: changes.length,
      datetime: '2026-11-22T05:00:00Z',
      news2: last.news2 ?? notScored,
    },
  });
  return usePatientFlags()(patient, { sameName: false }).some((flag) => flag.name === 'oxygen');
}

it('flags oxygen of who is not scored, as of the newest report that says so', () => {
  expect(hasOxygenFlag({ supplemental_oxygen: true }, { supplemental_oxygen: null })).toBe(true);
});

it('takes the flag away where a newer report says air, also after a set that was scored', () => {
  const scored = makeNews2({ parts: { ...makeNews2().parts, supplemental_oxygen: 2 } });
  expect(hasOxygenFlag({ news2: scored, supplemental_oxygen: true }, { supplemental_oxygen: false })).toBe(
    false,
  );
});
