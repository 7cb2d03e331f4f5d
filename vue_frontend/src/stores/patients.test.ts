import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';

import { makePatient } from '@/testing';
import { usePatientsStore } from './patients';

beforeEach(() => setActivePinia(createPinia()));

it('names the wards in the order of the server', () => {
  const store = usePatientsStore();
  ['10', '7_A', '9', '7-A', '', '9'].forEach((ward, index) =>
    store.receive({
      type: 'change',
      action: 'create',
      data: { ...makePatient({ id: index + 1, ward }) },
      event: index + 1,
    }),
  );
  expect(store.wards).toEqual(['7-A', '7_A', '9', '10']);
});
