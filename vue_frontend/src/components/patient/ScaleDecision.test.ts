// @vitest-environment jsdom

import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import type { PatientVersion } from '@/api/patientVersions';
import { useFormat } from '@/composables/useFormat';
import { makePatient } from '@/testing';
import ScaleDecision from './ScaleDecision.vue';

const SET_AT = '2026-11-22T09:14:00Z';

const version = (number: number, change: Partial<PatientVersion> = {}): PatientVersion => ({
  id: 1,
  version: number,
  spo2_scale: 2,
  history_id: number,
  history_date: '2026-11-22T12:00:00Z',
  history_type: '~',
  history_user: { id: 4, name: 'Nadia Nurse' },
  history_change_reason: '',
  ...change,
});
const decided = version(3, {
  history_date: SET_AT,
  history_user: { id: 7, name: 'Dara Quinn' },
  history_change_reason: 'Chronic hypercapnia',
});

/** The server answers with these versions, newest first. */
function answer(versions: PatientVersion[]): void {
  vi.spyOn(http, 'get').mockImplementation((address) => {
    const offset = Number(new URLSearchParams(address.split('?')[1]).get('offset'));
    return Promise.resolve({ results: versions.slice(offset, offset + 100) });
  });
}

beforeEach(() => setActivePinia(createPinia()));
afterEach(() => vi.restoreAllMocks());

async function open() {
  const card = mount(ScaleDecision, { props: { patient: makePatient({ spo2_scale: 2, version: 5 }) } });
  await flushPromises();
  return card;
}

it('says who set scale 2, when and why, however much was changed since and before', async () => {
  const since = Array.from({ length: 140 }, (_, index) => version(143 - index));
  answer([...since, decided, version(2, { spo2_scale: 1 }), version(1)]);
  const card = await open();
  expect(card.text()).toContain(`Set by Dara Quinn, ${useFormat().dateTime(SET_AT)}`);
  expect(card.text()).toContain('Chronic hypercapnia');
});

it('takes the admission where the patient came with scale 2, and says that no reason was given', async () => {
  answer([version(2), version(1, { history_type: '+', history_user: null })]);
  const card = await open();
  expect(card.text()).toContain('Set by Unknown person');
  expect(card.text()).toContain('No reason given');
});

it('says that it could not be loaded, and looks again at the next version', async () => {
  vi.spyOn(http, 'get').mockRejectedValue(new Error('offline'));
  const card = await open();
  expect(card.text()).toContain('cannot be loaded');
  answer([decided, version(2, { spo2_scale: 1 })]);
  await card.setProps({ patient: makePatient({ spo2_scale: 2, version: 6 }) });
  await flushPromises();
  expect(card.text()).toContain('Dara Quinn');
});
