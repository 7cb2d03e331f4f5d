// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';

import type { Patient } from '@/api/types';
import { makeNews2, makePatient } from '@/testing';
import PatientNow from './PatientNow.vue';

const SET = { id: 1, datetime: '2026-11-22T12:00:00Z', news2: makeNews2() };

function show(change: Partial<Patient>) {
  const last_scored = {
    id: 1,
    datetime: SET.datetime,
    score: 2,
    risk: 'low' as const,
    spo2_scale: 1 as const,
  };
  const patient = makePatient({ last_report: SET, last_scored, current_risk: 'low', ...change });
  return mount(PatientNow, { props: { patient } });
}

beforeEach(() => {
  setActivePinia(createPinia());
});

it('says of a patient on the ward what the score asks for and when the next set is due', () => {
  const now = show({ next_due_at: '2026-11-22T16:00:00Z' });
  expect(now.text()).toContain('Next due');
  expect(now.find('[data-testid=patient-response]').text()).toContain('Registered nurse');
});

it('has no routine advice and nothing due of a patient who was discharged', () => {
  const now = show({ dismissal_date: '2026-11-22T13:00:00Z' });
  expect(now.text()).not.toContain('Next due');
  expect(now.find('[data-testid=patient-response]').exists()).toBe(false);
  expect(now.text()).toContain('Last set');
});
