// @vitest-environment jsdom

import { shallowMount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import { useLiveStore } from '@/stores/live';
import { usePatientsStore } from '@/stores/patients';
import { useSessionStore } from '@/stores/session';
import { FakeSocket, makePatient, makeUser } from '@/testing';
import PatientView from './PatientView.vue';

vi.mock('vue-router', () => ({
  useRoute: () => ({ query: {}, params: {} }),
  useRouter: () => ({}),
  onBeforeRouteLeave: () => undefined,
}));

beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
  vi.spyOn(http, 'get').mockReturnValue(new Promise(() => undefined));
  useSessionStore().user = makeUser({ permissions: ['reports.create'] });
  const fake = new FakeSocket();
  useLiveStore().start(vi.fn(), () => fake);
  fake.hello(10);
});
afterEach(() => {
  useLiveStore().stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it.each([
  ['offers to record for a patient on the ward', null, true],
  ['offers no record for a patient who was discharged', '2026-11-22T13:00:00Z', false],
])('%s', (_, dismissal_date, isOffered) => {
  const data = { ...makePatient({ dismissal_date }) };
  usePatientsStore().receive({ type: 'change', action: 'create', data, event: 1 });
  const page = shallowMount(PatientView, {
    props: { id: 1 },
    global: { renderStubDefaultSlot: true, stubs: { RouterLink: true, LatestValues: true } },
  });
  expect(page.find('[data-testid=record]').exists()).toBe(isOffered);
});
