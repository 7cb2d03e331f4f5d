// @vitest-environment jsdom

import { enableAutoUnmount, shallowMount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { reactive } from 'vue';

import ChoiceGroup from '@/components/base/ChoiceGroup.vue';
import BoardTable from '@/components/board/BoardTable.vue';
import LoadingMark from '@/components/base/LoadingMark.vue';
import EmptyState from '@/components/base/EmptyState.vue';
import { useNotificationsStore } from '@/stores/notifications';
import { usePatientsStore } from '@/stores/patients';
import { makePatient } from '@/testing';
import NotificationsView from './NotificationsView.vue';
import WardBoardView from './WardBoardView.vue';

const route = reactive<{ name: string; query: Record<string, string> }>({ name: 'board', query: {} });
vi.mock('vue-router', () => ({ useRoute: () => route, useRouter: () => ({ replace: vi.fn() }) }));

enableAutoUnmount(afterEach);
beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: vi.fn() }));
  const data = { ...makePatient({ last_name: 'Well', next_due_at: null }) };
  usePatientsStore().receive({ type: 'change', action: 'create', data, event: 1 });
  usePatientsStore().isLoaded = true;
  route.query = {};
});

const board = () =>
  shallowMount(WardBoardView, { global: { stubs: { BoardSummary: false, UnknownCount: false } } });

it('a board on which somebody is still missing shows who is here, and counts nobody', async () => {
  usePatientsStore().isLoaded = false;
  const view = board();
  expect(view.findComponent(BoardTable).props('patients')).toHaveLength(1);
  expect(view.find('[data-testid=board-count]').text()).toBe('Loading the ward');
  expect(view.find('[data-testid=count-high]').text()).toBe('…Loading High');
  expect(view.findComponent('[data-testid=board-more]').exists()).toBe(true);
  usePatientsStore().isLoaded = true;
  await view.vm.$nextTick();
  expect(view.find('[data-testid=board-count]').text()).toBe('1 patient');
  expect(view.find('[data-testid=count-high]').text()).toBe('0 High');
  expect(view.findComponent('[data-testid=board-more]').exists()).toBe(false);
});

it('a board that shows nobody yet says neither that it is empty nor that nobody matches', () => {
  usePatientsStore().isLoaded = false;
  route.query = { show: 'high' };
  expect(board().findComponent(EmptyState).exists()).toBe(false);
  expect(board().findComponent(LoadingMark).exists()).toBe(true);
  usePatientsStore().clear();
  route.query = {};
  expect(board().findComponent(EmptyState).exists()).toBe(false);
});

it('a board of a chosen ward shows nobody of another one before all wards are known', () => {
  usePatientsStore().isLoaded = false;
  route.query = { ward: '9' };
  expect(board().findComponent(BoardTable).exists()).toBe(false);
  expect(board().find('h1').text()).toBe('Ward 9');
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
