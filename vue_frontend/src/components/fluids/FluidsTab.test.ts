// @vitest-environment jsdom

import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { makePatient, makeReport } from '@/testing';
import FluidsTab from './FluidsTab.vue';

const MINUTE = Date.parse('2026-11-22T12:00:00Z');
const asked = vi.fn((address: string) => {
  void address;
  return Promise.resolve(Response.json({ shifts: [], last_24_hours: null }));
});

beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal('fetch', asked);
});
afterEach(() => vi.unstubAllGlobals());

it('sums up what was recorded in the first moments of a minute, before the clock here has reached it', async () => {
  const datetime = '2026-11-22T12:00:00.250731Z';
  const reports = [makeReport({ datetime, fo_urine: 350 })];
  mount(FluidsTab, { props: { patient: makePatient(), reports, from: MINUTE - 86_400_000, to: MINUTE } });
  await flushPromises();
  const [address] = asked.mock.lastCall!;
  const until = new URL(address, 'http://ward').searchParams.get('until')!;
  expect(Date.parse(until)).toBeGreaterThan(Date.parse(datetime));
});
