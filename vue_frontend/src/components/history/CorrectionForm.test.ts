// @vitest-environment jsdom

import { shallowMount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';

import { http } from '@/api/http';
import { NUMBER_FIELDS } from '@/api/types';
import SetFields from '@/components/form/SetFields.vue';
import WristbandCheck from '@/components/form/WristbandCheck.vue';
import { useHistoryStore } from '@/stores/history';
import { useLiveStore } from '@/stores/live';
import { FakeSocket, makePatient, makeReport, settle } from '@/testing';
import CorrectionForm from './CorrectionForm.vue';

vi.mock('vue-router', () => ({ onBeforeRouteLeave: () => undefined }));

let fake: FakeSocket;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  document.documentElement.dataset.timeZone = 'UTC';
  setActivePinia(createPinia());
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  vi.spyOn(http, 'get').mockReturnValue(new Promise(() => undefined));
  fake = new FakeSocket();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
});
afterEach(() => {
  useLiveStore().stop();
  delete document.documentElement.dataset.timeZone;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A whole report in which the pulse alone was recorded. */
const target = makeReport({
  ...Object.fromEntries(NUMBER_FIELDS.map((field) => [field, null])),
  pulse: 72,
  status: '',
  diet: '',
  additional: '',
  medical_advice: '',
  warning_signs: null,
  monitoring_interval: null,
  version: 1,
});

function open() {
  return shallowMount(CorrectionForm, {
    props: { patient: makePatient(), target, isAmendment: false, previous: new Map() },
    global: {
      stubs: { AppButton: false, ReasonFields: false, TextArea: false, StatusMessage: false },
      renderStubDefaultSlot: true,
    },
  });
}

it('says who changed the set meanwhile, and when', async () => {
  fake.answer(fake.take('list', 'patients'), 200, { count: 0, results: [] }, 10);
  await settle();
  fake.answer(fake.take('list', 'notifications'), 200, { count: 0, results: [] }, 10);
  await settle();
  const form = open();
  form.findComponent(SetFields).props('form').draft.texts.pulse = '82';
  await form.find('[data-testid=reason]').setValue('typing error');
  await form.find('form').trigger('submit');
  await settle();
  const theirs = { ...target, pulse: 92, version: 2 };
  useHistoryStore().watched = { report: 1 };
  useHistoryStore().receive({
    type: 'change',
    action: 'create',
    data: {
      ...theirs,
      history_id: 5,
      history_date: '2026-11-22T12:34:00Z',
      history_user: { name: 'Nadia Nurse' },
    },
    event: 11,
  });
  fake.answer(fake.take('patch', 'reports'), 409, theirs);
  await settle();
  expect(form.find('[data-testid=correction-message]').text()).toContain(
    'Nadia Nurse changed this set at 22-Nov-2026 12:34.',
  );
});

it('saves nothing while the wristband that was read is of another patient', async () => {
  const form = open();
  const save = () => form.find('[data-testid=correction-save]').attributes('disabled');
  const obstacle = () => form.find('[data-testid=correction-obstacle]').text();
  const isWrong = async (is: boolean) => {
    form.findComponent(WristbandCheck).vm.$emit('update:modelValue', is);
    await nextTick();
  };
  const other = obstacle();

  await isWrong(true);
  expect(obstacle()).toBe('The wristband is another one. Check the patient before you save.');
  expect(save()).toBeDefined();

  await isWrong(false);
  expect(obstacle()).toBe(other);
});
