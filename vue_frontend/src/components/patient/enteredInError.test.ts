// @vitest-environment jsdom

import { mount, RouterLinkStub } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { HistoryVersion } from '@/api/record';
import { NUMBER_FIELDS, type Report } from '@/api/types';
import NewsChart from '@/components/charts/NewsChart.vue';
import TrendCharts from '@/components/charts/TrendCharts.vue';
import PrintedSets from '@/components/print/PrintedSets.vue';
import { makeNews2, makeReport } from '@/testing';
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
    due_at: `2026-11-22T23:00:00Z`,
    diet: '',
    additional: '',
    medical_advice: '',
    recorded_by: { id: 4, name: 'Nadia' },
    version: 1,
    ...change,
  });
}

const before = setAt('10:00', { id: 1, pulse: 72, news2: makeNews2({ score: 0 }) });
const after = setAt('14:00', { id: 3, pulse: 75, news2: makeNews2({ score: 1 }) });
const struck: HistoryVersion = {
  ...setAt('12:00', {
    id: 2,
    pulse: 139,
    bp_sys: 88,
    bp_dia: 50,
    news2: makeNews2({ score: 9, risk: 'high', parts: { ...makeNews2().parts, pulse: 3 } }),
  }),
  history_id: 12,
  history_date: '2026-11-22T12:20:00Z',
  history_type: '-',
  history_user: { id: 4, name: 'Nadia' },
  history_change_reason: 'Wrong patient: bed 4',
  amendments: 0,
};
const all = [before, struck, after];
const show = (component: object, props: Record<string, unknown>) =>
  mount(component, { props, global: { stubs: { RouterLink: RouterLinkStub } } });

/** Whether a graph draws anything at the time of the set that was struck. */
function hasCross({ options, data }: (typeof plots)[number]): boolean {
  const at = Date.parse(struck.datetime) / 1000;
  const moves: number[] = [];
  const context = new Proxy(
    {},
    {
      get: (_, name) => (x: number) => (name === 'moveTo' ? moves.push(x) : { width: 0 }),
      set: () => true,
    },
  );
  const bbox = { left: 0, top: 0, width: 600, height: 100 };
  const plot = { ctx: context, bbox, data, valToPos: (value: number) => value };
  for (const draw of options.hooks.draw) draw(plot);
  return moves.some((x) => Math.abs(x - at) <= 8);
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
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('stands in the table of sets struck through, with who, when and why, without score and points', () => {
  const table = show(SetsTable, { reports: all });
  const row = table.get('[data-testid=set-2]');
  expect(row.classes()).toContain('struck');
  expect(row.text()).toContain('Entered in error');
  expect(row.text()).toContain('139');
  expect(row.find('.score').exists()).toBe(false);
  expect(row.find('sup').exists()).toBe(false);
  expect(table.text()).toContain('taken back by Nadia');
  expect(table.text()).toContain('Wrong patient: bed 4');
  expect(table.get('[data-testid=set-3]').classes()).not.toContain('struck');
});

it('keeps its column of the chart, without dot, total and due time, and the line runs past it', () => {
  const chart = show(NewsChart, { reports: all, name: 'TEST, Ada' });
  const texts = chart
    .get('[data-testid=chart-struck]')
    .findAll('text')
    .map((one) => one.text());
  expect(texts).toEqual(['88/50', '139']);
  expect(chart.findAll('.total-text').map((one) => one.text())).toEqual(['0', '1']);
  expect(chart.findAll('.next').map((one) => one.text())).toEqual(['23:00', '', '23:00']);
  const dots = chart.findAll('circle').length;
  expect(dots).toBe(2);
  expect(chart.findAll('polyline')).toHaveLength(1);
  expect(chart.text()).toContain('Struck through: entered in error');
  expect(chart.findAll('.heads .struck').map((one) => one.text())).toEqual(['12:00']);
});

it('is a cross in the trends, and in no curve', () => {
  const span = { from: Date.parse('2026-11-22T00:00:00Z'), to: Date.parse('2026-11-22T20:00:00Z') };
  const trends = show(TrendCharts, {
    reports: [before, after],
    struck: [struck],
    ...span,
    spo2Scale: 1,
    name: 'TEST, Ada',
  });
  expect(plots.every((one) => !one.data[1]!.includes(139))).toBe(true);
  expect(plots.filter(hasCross), 'pulse, blood pressure and total').toHaveLength(3);
  plots.length = 0;
  expect(trends.get('[data-testid=trends-struck]').text()).toContain('entered in error');
  const none = show(TrendCharts, { reports: [before], ...span, spo2Scale: 1, name: 'TEST, Ada' });
  expect(none.find('[data-testid=trends-struck]').exists()).toBe(false);
});

it('is struck through on the paper of the ward, which says what that means', () => {
  const printed = show(PrintedSets, { reports: [...all].reverse(), emptyLines: 0, label: 'Sets' });
  expect(printed.findAll('tbody tr').map((one) => one.classes('struck'))).toEqual([false, true, false]);
  expect(printed.get('tfoot').text()).toContain('entered in error');
});
