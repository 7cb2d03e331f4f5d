// @vitest-environment jsdom

import { mount, RouterLinkStub } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { NUMBER_FIELDS, type Report } from '@/api/types';
import NewsChart from '@/components/charts/NewsChart.vue';
import TrendCharts from '@/components/charts/TrendCharts.vue';
import { makeReport } from '@/testing';
import SetsTable from './SetsTable.vue';

/** What each graph was made with, in place of a canvas that jsdom has not. */
const { plots } = vi.hoisted(() => ({
  plots: [] as { options: { hooks: { draw: ((u: object) => void)[] } }; data: number[][] }[],
}));
vi.mock('uplot', () => ({
  default: class {
    width = 600;
    constructor(options: never, data: never) {
      plots.push({ options, data });
    }
    destroy(): void {}
    redraw(): void {}
  },
}));

const unmeasured = Object.fromEntries(NUMBER_FIELDS.map((field) => [field, null]));

function setAt(time: string, change: Partial<Report>): Report {
  return makeReport({
    ...unmeasured,
    datetime: `2026-11-22T${time}:00Z`,
    created_at: `2026-11-22T${time}:10Z`,
    due_at: '2026-11-22T23:00:00Z',
    diet: '',
    additional: '',
    medical_advice: '',
    monitoring_interval: null,
    recorded_by: { id: 4, name: 'Nadia' },
    respiration: 16,
    pulse: 72,
    bp_sys: 120,
    bp_dia: 70,
    version: 2,
    ...change,
  });
}
const show = (component: object, props: Record<string, unknown>) =>
  mount(component, { props, global: { stubs: { RouterLink: RouterLinkStub } } });
const table = (change: Partial<Report>) => show(SetsTable, { reports: [setAt('12:00', change)] });

/** How many dots each graph draws anew: those of what was corrected. */
function hollowDots(): number[] {
  return plots.map(({ options, data }) => {
    let count = 0;
    const context = new Proxy(
      {},
      { get: (_, name) => () => (name === 'arc' ? (count += 1) : { width: 0 }), set: () => true },
    );
    const bbox = { left: 0, top: 0, width: 600, height: 100 };
    for (const draw of options.hooks.draw)
      draw({ ctx: context, bbox, data, valToPos: (value: number) => value });
    return count;
  });
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T20:00:00Z') });
  setActivePinia(createPinia());
  plots.length = 0;
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('marks in the table the value that was corrected and no other', () => {
  const found = table({ corrected_fields: ['pulse'] });
  const [mark, ...others] = found.findAll('[data-testid=corrected]');
  expect(others).toEqual([]);
  expect(mark!.element.closest('td')!.textContent).toContain('72');
  expect(found.text()).toContain('Corrected since');
});

it('marks a time, a text, and what is shown nowhere else, each by itself', () => {
  const found = table({
    corrected_fields: ['datetime', 'diet', 'weight', 'monitoring_interval'],
    diet: 'soft',
    additional: 'dizzy',
  });
  expect(found.find('th[scope=row]').find('[data-testid=corrected]').exists()).toBe(true);
  expect(found.find('.others').text().replaceAll('○(Corrected)', '○')).toBe(
    'Other: soft○; dizzy; Weight: not recorded○; Next set in: not recorded○',
  );
});

it('marks nothing of a set that was only scored again, on table and chart', () => {
  expect(table({ corrected_fields: [] }).find('[data-testid=corrected]').exists()).toBe(false);
  // Of a server of the version before.
  expect(table({ corrected_fields: undefined }).find('[data-testid=corrected]').exists()).toBe(false);
  const chart = show(NewsChart, { reports: [setAt('12:00', {})], name: 'SMITH, John' });
  expect(chart.find('.hollow').exists()).toBe(false);
  expect(chart.text()).not.toContain('corrected since');
});

it('draws on the chart the dot hollow of the value that was corrected and no other', () => {
  const reports = [setAt('11:00', { corrected_fields: ['pulse', 'datetime'] }), setAt('12:00', {})];
  const chart = show(NewsChart, { reports, name: 'SMITH, John' });
  expect(chart.findAll('circle.hollow')).toHaveLength(1);
  expect(chart.findAll('path.hollow')).toHaveLength(0);
  expect(chart.findAll('.heads text').filter((one) => one.text().includes('○'))).toHaveLength(1);
  const pressures = show(NewsChart, {
    reports: [setAt('11:00', { corrected_fields: ['bp_dia'] })],
    name: '',
  });
  expect(pressures.findAll('path.hollow')).toHaveLength(1);
  expect(pressures.findAll('circle.hollow')).toHaveLength(0);
});

it('draws the dot hollow in the one trend whose value was corrected', () => {
  const span = { from: Date.parse('2026-11-22T08:00:00Z'), to: Date.parse('2026-11-22T20:00:00Z') };
  show(TrendCharts, {
    reports: [setAt('11:00', { corrected_fields: ['pulse'] }), setAt('12:00', { corrected_fields: [] })],
    struck: [],
    ...span,
    spo2Scale: 1,
    name: 'SMITH, John',
  });
  expect(hollowDots().filter((count) => count > 0)).toEqual([1]);
  plots.length = 0;
  const pressures = ['bp_sys', 'bp_dia'].map((end, index) =>
    setAt(`1${index}:00`, { corrected_fields: [end] }),
  );
  show(TrendCharts, {
    ...span,
    reports: [...pressures, setAt('13:00', {})],
    struck: [],
    spo2Scale: 1,
    name: '',
  });
  expect(hollowDots().filter((count) => count > 0)).toEqual([2]);
});
