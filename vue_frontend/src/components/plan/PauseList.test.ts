// @vitest-environment jsdom

import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { http } from '@/api/http';
import { writeDateTime } from '@/domain/dateEntry';
import DateField from '@/components/base/DateField.vue';
import { useFormat } from '@/composables/useFormat';
import { useClockStore } from '@/stores/clock';
import { useSessionStore } from '@/stores/session';
import { makePatient, makeUser } from '@/testing';
import PauseList from './PauseList.vue';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const RUNNING = {
  id: 5,
  since: '2026-11-22T11:00:00Z',
  until: '2026-11-22T13:00:00Z',
  reason: 'CT',
  by: { id: 3, name: 'Nadia' },
  by_nurse: true,
};

beforeEach(() => {
  setActivePinia(createPinia());
  vi.spyOn(Date, 'now').mockReturnValue(NOW);
  useClockStore().synchronise('2026-11-22T12:00:00Z');
  vi.spyOn(http, 'get').mockResolvedValue({ results: [RUNNING] });
});
afterEach(() => vi.restoreAllMocks());

async function open(permissions: string[]): Promise<VueWrapper> {
  useSessionStore().user = makeUser({ permissions });
  const list = mount(PauseList, { props: { patient: makePatient(), canChange: true } });
  await flushPromises();
  return list;
}

async function pauseFor(list: VueWrapper, hours: number): Promise<void> {
  await list.get('[data-testid=pause-add]').trigger('click');
  const until = writeDateTime(NOW + hours * 3_600_000, useFormat().timeZone);
  list.findComponent(DateField).vm.$emit('update:modelValue', until);
  await list.get('[data-testid=pause-reason]').setValue('CT');
  await list.get('[data-testid=pause-form]').trigger('submit');
}

it('lets a nurse pause for four hours and no longer', async () => {
  const post = vi.spyOn(http, 'post').mockResolvedValue({});
  const list = await open(['patients.pause']);
  await pauseFor(list, 5);
  expect(list.text()).toContain('4 hours at most');
  expect(post).not.toHaveBeenCalled();
  const until = writeDateTime(NOW + 4 * 3_600_000, useFormat().timeZone);
  list.findComponent(DateField).vm.$emit('update:modelValue', until);
  await list.get('[data-testid=pause-form]').trigger('submit');
  expect(post).toHaveBeenCalledWith('/api/patients/1/pauses/', {
    until: '2026-11-22T16:00:00.000Z',
    reason: 'CT',
  });
});

it('lets a doctor pause for longer', async () => {
  const post = vi.spyOn(http, 'post').mockResolvedValue({});
  await pauseFor(await open(['patients.pause', 'patients.change_plan']), 9);
  expect(post).toHaveBeenCalledOnce();
});

it('names a pause by a nurse as such, and ends it by the act that nurses may', async () => {
  const end = vi.spyOn(http, 'delete').mockResolvedValue(null);
  const list = await open(['patients.pause']);
  expect(list.text()).toContain('by Nadia, nurse');
  await list.get('[data-testid=pause-end-5]').trigger('click');
  expect(end).toHaveBeenCalledWith('/api/patients/1/pauses/5/');
});
