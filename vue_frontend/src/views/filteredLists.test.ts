// @vitest-environment jsdom

import { shallowMount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { reactive } from 'vue';

import ChoiceGroup from '@/components/base/ChoiceGroup.vue';
import EmptyState from '@/components/base/EmptyState.vue';
import { useNotificationsStore } from '@/stores/notifications';
import { usePatientsStore } from '@/stores/patients';
import { makePatient } from '@/testing';
import NotificationsView from './NotificationsView.vue';
import WardBoardView from './WardBoardView.vue';

const route = reactive<{ name: string; query: Record<string, string> }>({ name: 'board', query: {} });
vi.mock('vue-router', () => ({ useRoute: () => route, useRouter: () => ({ replace: vi.fn() }) }));

beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: vi.fn() }));
  const data = { ...makePatient({ last_name: 'Well', next_due_at: null }) };
  usePatientsStore().receive({ type: 'change', action: 'create', data, event: 1 });
  usePatientsStore().isLoaded = true;
});

const emptyBoard = (query: Record<string, string>) => {
  route.query = query;
  return shallowMount(WardBoardView).findComponent(EmptyState).props();
};

it.each([
  ['high', 'No NEWS2 score is high.'],
  ['medium', 'No NEWS2 score is medium or red.'],
  ['overdue', 'No set is overdue.'],
  ['soon', 'No set is due within 15 minutes.'],
])('a board on which the filter %s finds nobody says what that means', (show, heading) => {
  expect(emptyBoard({ show })).toEqual({ heading, text: undefined });
});

it('a search that finds nobody is no good news', () => {
  expect(emptyBoard({ show: 'high', search: 'nobody' }).heading).toBe('Nobody matches');
});

it.each([
  ['all', 'Nothing is open.'],
  ['high', 'No high notification is open.'],
  ['low', 'No low notification is open.'],
])('the list of notifications says of the filter %s that nothing of it waits', async (severity, text) => {
  useNotificationsStore().isLoaded = true;
  const view = shallowMount(NotificationsView, { global: { stubs: { RouterLink: true } } });
  await view.findComponent(ChoiceGroup).vm.$emit('update:modelValue', severity);
  await view.vm.$nextTick();
  expect(view.find('[data-testid=notifications-open] .none').text()).toBe(text);
});
