// @vitest-environment jsdom

import { shallowMount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';

import { http } from '@/api/http';
import WristbandCheck from '@/components/form/WristbandCheck.vue';
import { useLiveStore } from '@/stores/live';
import { FakeSocket, makePatient, makeReport } from '@/testing';
import CorrectionForm from './CorrectionForm.vue';

vi.mock('vue-router', () => ({ onBeforeRouteLeave: () => undefined }));

beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  vi.spyOn(http, 'get').mockReturnValue(new Promise(() => undefined));
  const fake = new FakeSocket();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
});
afterEach(() => {
  useLiveStore().stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('saves nothing while the wristband that was read is of another patient', async () => {
  const form = shallowMount(CorrectionForm, {
    props: {
      patient: makePatient(),
      target: makeReport({
        pulse: 72,
        status: '',
        diet: '',
        additional: '',
        medical_advice: '',
        warning_signs: null,
        monitoring_interval: null,
        version: 1,
      }),
      isAmendment: false,
      previous: new Map(),
    },
    global: { stubs: { AppButton: false } },
  });
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
