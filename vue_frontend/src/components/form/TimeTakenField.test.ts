// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { reactive } from 'vue';

import { takenNow, type TimeTaken } from '@/domain/timeTaken';
import { useClockStore } from '@/stores/clock';
import TimeTakenField from './TimeTakenField.vue';

beforeEach(() => {
  setActivePinia(createPinia());
  vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-11-22T12:00:00Z'));
  useClockStore().synchronise('2026-11-22T12:00:00Z');
});

function open(admission: string, time: Partial<TimeTaken> = {}, needsReason = false) {
  // As the form holds it, which lets the fields write into it.
  const modelValue = reactive<TimeTaken>({ ...takenNow(), isNow: false, text: '08:00', ...time });
  const props = { modelValue, admission, needsReason, problem: null, reasonProblem: null };
  return mount(TimeTakenField, { props });
}
const labels = (field: ReturnType<typeof open>) =>
  field
    .get('[data-testid=field-day]')
    .findAll('label')
    .map((one) => one.text());

it('offers every day of the stay, and none before it', async () => {
  const field = open('2026-11-19T20:00:00Z');
  expect(labels(field)).toHaveLength(3);
  await field.get('[data-testid=choice-day-earlier]').setValue();
  const days = field
    .get('[data-testid=field-day-date]')
    .findAll('option')
    .map((one) => one.text());
  expect(days).toEqual(['20-Nov-2026', '19-Nov-2026']);
  expect(field.props('modelValue').date).toBe('2026-11-20');
});

it('of a stay that began yesterday offers today and yesterday', () => {
  expect(labels(open('2026-11-21T20:00:00Z'))).toHaveLength(2);
});

it('asks for the reason where one is needed', () => {
  expect(open('2026-11-19T20:00:00Z', {}, true).find('[data-testid=late-reason]').exists()).toBe(true);
  expect(open('2026-11-19T20:00:00Z').find('[data-testid=late-reason]').exists()).toBe(false);
});
