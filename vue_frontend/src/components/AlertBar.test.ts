// @vitest-environment jsdom

import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { createMemoryHistory, createRouter, type Router } from 'vue-router';

import type { Notification, Patient } from '@/api/types';
import { playSignal, useAlertSignals } from '@/composables/useAlertSignals';
import { useOpenForm } from '@/composables/useOpenForm';
import { LIMIT_MS } from '@/composables/useStillMoment';
import { useClockStore } from '@/stores/clock';
import { useDeviceStore } from '@/stores/device';
import { useNotificationsStore } from '@/stores/notifications';
import { usePatientsStore } from '@/stores/patients';
import { useSessionStore } from '@/stores/session';
import { makeNews2, makeNotification, makePatient, makeUser } from '@/testing';
import AlertBar from './AlertBar.vue';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;

let router: Router;
let bar: VueWrapper;
let eventNumber = 0;

function onWard(change: Partial<Patient>): void {
  const news2 = makeNews2({ score: 9, risk: 'high' });
  const data = makePatient({
    last_report: { id: 1, datetime: '2026-11-22T11:00:00Z', news2 },
    last_scored: { id: 1, datetime: '2026-11-22T11:00:00Z', score: 9, risk: 'high', spo2_scale: 1 },
    current_risk: 'high',
    ...change,
  });
  usePatientsStore().receive({ type: 'change', action: 'create', data: { ...data }, event: ++eventNumber });
}
/** Raised so many minutes ago: as the list gives it, or told just now. */
function raise(change: Partial<Notification>, { minutesAgo = 0, isTold = false } = {}): void {
  const data = makeNotification({
    created_at: new Date(useClockStore().now - minutesAgo * MINUTE).toISOString(),
    ...change,
  });
  const store = useNotificationsStore();
  if (isTold) store.receiveRaised(data, ++eventNumber);
  else store.receive({ type: 'change', action: 'create', data: { ...data }, event: ++eventNumber });
}

/** Two patients, one on each ward: these are all. */
function fillWards(): void {
  usePatientsStore().isLoaded = useNotificationsStore().isLoaded = true;
  onWard({ id: 1, ward: '7A', bed: '3', last_name: 'Own', first_name: 'Ada' });
  onWard({ id: 2, ward: '7B', bed: '4', last_name: 'Other', first_name: 'Bo' });
}

async function show(path = '/', isWall = false): Promise<void> {
  await router.push(path);
  bar = mount(AlertBar, { props: { isWall }, global: { plugins: [router] }, attachTo: document.body });
  await nextTick();
}
/** Time in which nobody touches the screen. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
const inFull = (id: number) => bar.find(`[data-testid=alert-${id}]`);
const strip = () => bar.find('[data-testid=alert-strip]');
const press = () => dispatchEvent(new Event('pointerdown'));

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.advanceTimersByTime(10 * LIMIT_MS);
  setActivePinia(createPinia());
  localStorage.clear();
  eventNumber = 0;
  const none = { render: () => null };
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'board', component: none },
      { path: '/notifications', name: 'notifications', component: none },
      { path: '/patients/:id', name: 'patient', component: none },
      { path: '/patients/:id/record', name: 'record', component: none },
    ],
  });
  useSessionStore().user = makeUser({ permissions: ['notifications.acknowledge'] });
});
afterEach(() => {
  bar.unmount();
  vi.useRealTimers();
});

it('names ward, bed, patient and score', async () => {
  fillWards();
  raise({ patient: 1 });
  await show();
  const text = inFull(1).text();
  for (const part of ['Ward 7A', 'Bed 3', 'OWN, Ada', 'NEWS2 9']) expect(text).toContain(part);
});

it('says why there is no score, and names who is not known here', async () => {
  fillWards();
  const news2 = makeNews2({ score: null, risk: null, not_scored_because: 'under_16' });
  onWard({ id: 1, ward: '7A', last_report: { id: 2, datetime: '2026-11-22T11:30:00Z', news2 } });
  raise({ patient: 1 });
  await show();
  expect(inFull(1).text()).toContain('Not scored: under 16');
  raise({ id: 2, patient: 99 });
  raise({ id: 1, patient: 1, status: 'acknowledged' });
  await pass(LIMIT_MS);
  expect(inFull(2).text()).toContain('Patient 99');
});

describe('on a screen that has chosen a ward', () => {
  beforeEach(() => {
    fillWards();
    useDeviceStore().ward = '7A';
  });

  it('shows another ward as a strip without a name, and in full after two minutes', async () => {
    raise({ patient: 2 });
    await show();
    expect(strip().text()).toBe('1 high alert, <1min · Ward 7B');
    expect(bar.text()).not.toContain('OTHER');
    expect(bar.findAll('a, button')).toEqual([]);
    await pass(2 * MINUTE - 1_000);
    expect(inFull(1).exists()).toBe(false);
    await pass(2_000);
    expect(inFull(1).text()).toContain('OTHER, Bo');
    expect(strip().exists()).toBe(false);
  });

  it('names several other wards together', async () => {
    onWard({ id: 3, ward: '10', last_name: 'Third', first_name: 'Cy' });
    raise({ patient: 3 });
    raise({ id: 2, patient: 2 });
    await show();
    expect(strip().text()).toBe('2 high alerts, oldest <1min · Ward 7B, 10');
  });

  it('lets the ward in the address win', async () => {
    raise({ patient: 2 });
    await show('/?ward=7B');
    expect(inFull(1).text()).toContain('OTHER, Bo');
  });

  it('follows a patient who moves', async () => {
    raise({ patient: 2 });
    await show();
    onWard({ id: 2, ward: '7A', bed: '9', last_name: 'Other', first_name: 'Bo' });
    await pass(LIMIT_MS);
    expect(inFull(1).text()).toContain('Ward 7A · Bed 9');
  });

  it('comes as a strip when the hands are still: it takes its room from the page', async () => {
    await show();
    press();
    raise({ patient: 2 });
    await nextTick();
    expect(strip().exists()).toBe(false);
    await pass(LIMIT_MS);
    expect(strip().exists()).toBe(true);
  });

  it('has room for both', async () => {
    raise({ patient: 1 });
    raise({ id: 2, patient: 2 });
    await show();
    expect(inFull(1).text()).toContain('OWN, Ada');
    expect(strip().text()).toContain('Ward 7B');
  });
});

it('gives the focus back to where somebody was typing, and selects nothing there', async () => {
  fillWards();
  const typing = document.createElement('input');
  document.body.append(typing);
  typing.value = '12';
  raise({ patient: 1 });
  await show();
  await pass(LIMIT_MS);
  typing.focus();
  typing.setSelectionRange(2, 2);
  const hide = bar.find<HTMLElement>('[data-testid=alert-hide-1]');
  hide.element.focus();
  await hide.trigger('click');
  await pass(0);
  expect(document.activeElement).toBe(typing);
  expect([typing.selectionStart, typing.selectionEnd]).toEqual([2, 2]);
  typing.remove();
});

describe('inside the form of another patient', () => {
  const Form = {
    props: { patient: { type: Number, required: true as const } },
    setup(props: { patient: number }) {
      useOpenForm(() => props.patient);
      return () => h('input');
    },
  };

  it('is a strip without a name as soon as the form opens, and takes no focus', async () => {
    fillWards();
    raise({ patient: 2 }, { minutesAgo: 5 });
    await show('/patients/1/record');
    expect(inFull(1).exists()).toBe(true);
    press();
    const form = mount(Form, { props: { patient: 1 }, attachTo: document.body });
    form.element.focus();
    await nextTick();
    expect(inFull(1).exists()).toBe(false);
    expect(strip().text()).toBe('1 high alert, 5min · Ward 7B');
    expect(bar.text()).not.toContain('OTHER');
    expect(bar.findAll('a, button, [tabindex]')).toEqual([]);
    expect(document.activeElement).toBe(form.element);
    form.unmount();
    await pass(LIMIT_MS + 1_000);
    expect(inFull(1).text()).toContain('OTHER, Bo');
  });

  it('stands in full for the patient of the form', async () => {
    fillWards();
    raise({ patient: 2 });
    const form = mount(Form, { props: { patient: 2 } });
    await show('/patients/2/record');
    expect(inFull(1).text()).toContain('OTHER, Bo');
    form.unmount();
  });
});

describe('what is still open', () => {
  const summary = () => bar.find('[data-testid=alert-summary]');

  beforeEach(() => {
    fillWards();
    raise({ patient: 1 }, { minutesAgo: 14 });
    raise({ id: 2, patient: 2 }, { minutesAgo: 3 });
  });

  it('is said at opening, until something is done about it', async () => {
    await show();
    expect(summary().text()).toBe('2 high alerts, oldest 14min');
    await pass(MINUTE);
    expect(summary().text()).toBe('2 high alerts, oldest 15min');
    await bar.find('[data-testid=alert-hide-1]').trigger('click');
    await nextTick();
    expect(summary().exists()).toBe(false);
    expect(inFull(2).exists()).toBe(true);
  });

  async function hideBoth(): Promise<void> {
    await show();
    for (const id of [1, 2]) {
      await pass(MINUTE);
      await bar.find(`[data-testid=alert-hide-${id}]`).trigger('click');
    }
    await pass(MINUTE);
    expect(bar.text()).not.toContain('high alert');
    expect(inFull(2).exists()).toBe(false);
  }

  it('is said again to whoever brings the page to the front', async () => {
    await hideBoth();
    document.dispatchEvent(new Event('visibilitychange'));
    await pass(LIMIT_MS);
    expect(summary().text()).toBe('2 high alerts, oldest 17min');
  });

  it('is said again after sleep, in which no timer ran', async () => {
    await hideBoth();
    vi.setSystemTime(Date.now() + 90 * MINUTE);
    await pass(LIMIT_MS);
    expect(summary().text()).toBe('2 high alerts, oldest 1hr 47min');
  });

  it('is read out once, not with every minute', async () => {
    await show();
    await pass(1_000);
    const said = bar.find('[role=alert]').text();
    expect(said).toContain('2 high alerts, oldest 14min');
    await pass(5 * MINUTE);
    expect(bar.find('[role=alert]').text()).toBe(said);
    expect(bar.find('[role=alert]').text()).toContain('OWN, Ada');
  });
});

it('comes back after two minutes where it was hidden before', async () => {
  fillWards();
  raise({ patient: 1 });
  await show();
  await pass(1_000);
  await bar.find('[data-testid=alert-hide-1]').trigger('click');
  await pass(MINUTE);
  expect(inFull(1).exists()).toBe(false);
  await pass(MINUTE);
  expect(inFull(1).text()).toContain('OWN, Ada');
});

it('counts nothing while some are still on their way, and names nobody who is not here yet', async () => {
  fillWards();
  usePatientsStore().isLoaded = useNotificationsStore().isLoaded = false;
  useDeviceStore().ward = '7A';
  raise({ id: 3, patient: 99 }, { minutesAgo: 30 });
  raise({ patient: 1 }, { minutesAgo: 14 });
  raise({ id: 2, patient: 1 }, { minutesAgo: 13 });
  raise({ id: 4, patient: 2 });
  await show();
  await pass(LIMIT_MS);
  expect(inFull(1).text()).toContain('OWN, Ada');
  expect(bar.text()).not.toMatch(/Patient 99|oldest|more|high alert/);
  onWard({ id: 99, ward: '7A', last_name: 'Late' });
  usePatientsStore().isLoaded = useNotificationsStore().isLoaded = true;
  await pass(LIMIT_MS);
  expect(bar.find('[data-testid=alert-summary]').text()).toContain('3 high alerts, oldest 30min');
  expect(strip().text()).toContain('1 high alert');
});

it('counts on from the one in view what comes to a calm ward', async () => {
  fillWards();
  await show();
  raise({ patient: 1 });
  raise({ id: 2, patient: 2 });
  await pass(1_000);
  expect(inFull(1).text()).toContain('and 1 more');
  expect(bar.find('[data-testid=alert-summary]').exists()).toBe(false);
});

it('shows the initial only on the wall, and nothing to press', async () => {
  fillWards();
  raise({ patient: 1 }, { minutesAgo: 3 });
  await show('/?mode=board', true);
  expect(inFull(1).text()).toContain('OWN, A');
  expect(bar.text()).not.toContain('Ada');
  expect(bar.findAll('a, button')).toEqual([]);
});

describe('the sound', () => {
  let played = 0;
  const Signals = {
    setup() {
      useAlertSignals();
      return () => null;
    },
  };
  class FakeAudio {
    state = 'running';
    currentTime = 0;
    resume = async (): Promise<void> => undefined;
  }

  beforeEach(async () => {
    played = 0;
    vi.stubGlobal('AudioContext', FakeAudio);
    vi.stubGlobal(
      'OscillatorNode',
      class {
        connect = () => this;
        start = () => (played += 1);
        stop = () => undefined;
      },
    );
    vi.stubGlobal(
      'GainNode',
      class {
        gain = { setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined };
        connect = () => this;
      },
    );
    fillWards();
    useDeviceStore().sound = 'on';
    useDeviceStore().ward = '7A';
    await router.push('/');
    bar = mount(Signals, { global: { plugins: [router] } });
    press();
    await pass(0);
    playSignal();
    expect(played).toBe(2);
    played = 0;
  });
  afterEach(() => vi.unstubAllGlobals());

  it('is of the chosen ward at once, of another once nobody came in two minutes', async () => {
    raise({ patient: 1 }, { isTold: true });
    await nextTick();
    expect(played).toBe(2);
    raise({ id: 2, patient: 2 }, { isTold: true });
    await pass(2 * MINUTE - 1_000);
    expect(played).toBe(2);
    await pass(2_000);
    expect(played).toBe(4);
    await pass(10 * MINUTE);
    expect(played).toBe(4);
  });
});
