// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';

import type { News2, Patient } from '@/api/types';
import { makeNews2, makePatient } from '@/testing';
import BoardTile from './BoardTile.vue';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T12:00:00Z') });
  setActivePinia(createPinia());
});

function timesOf(news2: News2): string[] {
  const patient: Patient = makePatient({
    last_scored: { id: 5, datetime: '2026-11-22T08:10:00Z', score: 2, risk: 'low', spo2_scale: 1 },
    last_report: { id: 6, datetime: '2026-11-22T11:50:00Z', news2 },
    current_risk: 'low',
  });
  const tile = mount(BoardTile, {
    props: { patient, totals: [], hasSameName: false },
    global: { stubs: { RouterLink: true } },
  });
  return tile.findAll('.last > span').map((one) => one.text());
}

it('shows the time of the score, not of half a set that came after it', () => {
  const partial = makeNews2({ score: null, complete: false, lower_bound: 0 });
  expect(timesOf(partial)).toEqual(['partial; score from 08:10', '08:10']);
});

it('shows the time of a newer half set where that is the score', () => {
  const worse = makeNews2({ score: null, complete: false, lower_bound: 6, risk: 'medium' });
  expect(timesOf(worse)).toEqual(['Last set 11:50', '11:50']);
});
