// @vitest-environment jsdom

import { mount, RouterLinkStub } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';

import { NUMBER_FIELDS, type NotScoredReason, type Report } from '@/api/types';
import BoardRow from '@/components/board/BoardRow.vue';
import BoardTile from '@/components/board/BoardTile.vue';
import NewsChart from '@/components/charts/NewsChart.vue';
import TrendCharts from '@/components/charts/TrendCharts.vue';
import PrintedSets from '@/components/print/PrintedSets.vue';
import VersionCard from '@/components/history/VersionCard.vue';
import { makeNews2, makePatient, makeReport } from '@/testing';
import LatestValues from './LatestValues.vue';
import PatientNow from './PatientNow.vue';
import SetsTable from './SetsTable.vue';

/** What each graph was made with, in place of a canvas that jsdom has not. */
const { plots } = vi.hoisted(() => ({ plots: [] as { options: never; data: never }[] }));
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

const NOW = Date.parse('2026-11-22T20:00:00Z');
const CHILD = 'Not scored: under 16';
const PREGNANT = 'Not scored: pregnant';
const noParts = Object.fromEntries(Object.keys(makeNews2().parts).map((field) => [field, null]));
const unmeasured = Object.fromEntries(NUMBER_FIELDS.map((field) => [field, null]));

/** Values that are all red for an adult, and usual for a small child. */
function setAt(time: string, reason: NotScoredReason | null, id = 1): Report {
  const scored = makeNews2({
    score: 9,
    risk: 'high',
    parts: { ...makeNews2().parts, respiration: 3, pulse: 3 },
  });
  return makeReport({
    ...unmeasured,
    id,
    datetime: `2026-11-22T${time}:00Z`,
    due_at: null,
    created_at: `2026-11-22T${time}:10Z`,
    diet: '',
    additional: '',
    medical_advice: '',
    warning_signs: null,
    recorded_by: null,
    respiration: 34,
    o2sat: 95,
    supplemental_oxygen: false,
    bp_sys: 88,
    bp_dia: 50,
    pulse: 140,
    consciousness: 'A',
    temperature: 37.2,
    news2:
      reason === null
        ? scored
        : makeNews2({ score: null, risk: null, parts: noParts as never, not_scored_because: reason }),
  });
}
const show = (component: object, props: Record<string, unknown>) =>
  mount(component, { props, global: { stubs: { RouterLink: RouterLinkStub } } });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
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

const COLOURED = '.band-1, .band-2, .band-3';

describe('the observation chart', () => {
  const chart = (reports: Report[], notScored: NotScoredReason | null = null) =>
    show(NewsChart, { reports, name: 'Ada', paper: { width: 1040, height: 600 }, notScored });

  it('of a child has the values and the reason, no band, no points and no total', () => {
    const child = chart([setAt('08:00', 'under_16'), setAt('12:00', 'under_16', 2)], 'under_16');
    expect(child.text()).toContain(CHILD);
    expect(child.text()).toContain('140');
    expect(child.findAll(`${COLOURED}, .line-points, .total, .total-text`)).toEqual([]);
    expect(child.text()).not.toContain('NEWS2');
    expect(child.text()).not.toContain('scale');
  });

  it('of an adult has them all, and no reason', () => {
    const adult = chart([setAt('08:00', null)]);
    expect(adult.findAll(COLOURED)).not.toEqual([]);
    expect(adult.findAll('.line-points')).not.toEqual([]);
    expect(adult.find('.total-text').text()).toBe('9');
    expect(adult.text()).not.toContain('Not scored');
  });

  it('goes by each set where some were scored', () => {
    const mixed = chart([setAt('08:00', null), setAt('12:00', 'pregnant', 2)], 'pregnant');
    const reach = mixed
      .findAll(COLOURED)
      .map((one) => [
        Number(one.attributes('x')),
        Number(one.attributes('x')) + Number(one.attributes('width')),
      ]);
    const [scoredX, unscoredX] = mixed
      .findAll('.heads text:not(.date)')
      .map((one) => Number(one.attributes('x')));
    expect(reach).not.toEqual([]);
    for (const [from, to] of reach) {
      expect(from).toBeLessThan(scoredX!);
      expect(to).toBeGreaterThan(scoredX!);
      expect(to).toBeLessThan(unscoredX!);
    }
    expect(mixed.findAll('.total-text').map((one) => one.text())).toEqual(['9']);
    expect(mixed.text()).toContain(PREGNANT);
  });

  it('gives an SpO2 that is not scored no question mark for its points', () => {
    const set = setAt('08:00', 'pregnant');
    const news2 = { ...set.news2, spo2_scale: 2 as const };
    const text = chart([{ ...set, news2, supplemental_oxygen: null }], 'pregnant').text();
    expect(text).not.toContain('? SpO2');
    expect(text).not.toContain('95?');
  });
});

/** Where a graph fills a band, in px of a time axis of 20 h on 2,000 px. */
function filled(plot: { options: never }): [number, number][] {
  const rects: [number, number][] = [];
  const u = {
    ctx: {
      fillRect: (x: number, _y: number, width: number) => rects.push([x, x + width]),
      fillText: () => undefined,
      strokeText: () => undefined,
      measureText: () => ({ width: 10 }),
      save: () => undefined,
      restore: () => undefined,
      setLineDash: () => undefined,
      translate: () => undefined,
      rotate: () => undefined,
    },
    bbox: { left: 0, top: 0, width: 2_000, height: 100 },
    valToPos: (value: number, axis: string) =>
      axis === 'x' ? (value * 1000 - NOW + 72_000_000) / 36_000 : value,
  };
  const { hooks } = plot.options as { hooks: { drawClear: ((u: never) => void)[] } };
  for (const draw of hooks.drawClear) draw(u as never);
  return rects;
}

describe('the trends', () => {
  async function trends(reports: Report[], notScored: NotScoredReason | null) {
    const shown = show(TrendCharts, {
      reports,
      from: NOW - 72_000_000,
      to: NOW,
      spo2Scale: 1,
      name: 'Ada',
      notScored,
    });
    await nextTick();
    return shown;
  }

  it('of a child have no band and no graph of totals, but the reason', async () => {
    const child = await trends([setAt('08:00', 'under_16')], 'under_16');
    expect(child.text()).toContain(CHILD);
    expect(child.find('[data-testid=trend-total]').exists()).toBe(false);
    expect(plots).toHaveLength(5);
    expect(plots.flatMap(filled)).toEqual([]);
  });

  it('of an adult have both', async () => {
    const adult = await trends([setAt('08:00', null)], null);
    expect(adult.find('[data-testid=trend-total]').exists()).toBe(true);
    expect(plots.every((plot) => filled(plot).length > 0)).toBe(true);
  });

  it('have bands until half way to the first set that was not scored', async () => {
    const mixed = await trends([setAt('04:00', null), setAt('08:00', 'pregnant', 2)], 'pregnant');
    expect(new Set(plots.flatMap(filled).map((one) => one.join()))).toEqual(new Set(['0,600']));
    expect(mixed.find('[data-testid=trend-total]').text()).toContain(PREGNANT);
  });
});

describe('what stands for now', () => {
  it('gives the latest values no points, and says why, also where the set had some', () => {
    const pregnant = show(LatestValues, { reports: [setAt('08:00', null)], notScored: 'pregnant' });
    expect(pregnant.text()).toContain('34');
    expect(pregnant.text()).toContain(PREGNANT);
    expect(pregnant.findAll('.points, .points-1, .points-2, .points-3')).toEqual([]);
    expect(
      show(LatestValues, { reports: [setAt('08:00', null)], notScored: null }).findAll('.points'),
    ).toHaveLength(3);
  });

  it.each([
    ['the board', BoardRow, { hasSameName: false, showWard: false }],
    ['the wall', BoardTile, { hasSameName: false, wardName: '' }],
  ] as [string, object, Record<string, unknown>][])(
    'draws no line of old totals on %s',
    (_, component, props) => {
      const totals = [{ id: 1, patient: 1, at: NOW - 3_600_000, score: 9, onOxygen: false }];
      const of = (reason: NotScoredReason | null) => {
        const last = setAt('08:00', reason);
        const patient = makePatient({
          last_report: { id: 1, datetime: last.datetime, news2: last.news2 },
          last_scored: { id: 1, datetime: last.datetime, score: 9, risk: 'high', spo2_scale: 1 },
        });
        return show(component, { patient, totals, ...props });
      };
      expect(of(null).find('.sparkline').exists()).toBe(true);
      expect(of('under_16').find('.sparkline').exists()).toBe(false);
      expect(of('under_16').text()).toContain(CHILD);
    },
  );

  it('says why instead of a response beside the charts', () => {
    const last = setAt('08:00', 'under_16');
    const patient = makePatient({ last_report: { id: 1, datetime: last.datetime, news2: last.news2 } });
    const text = show(PatientNow, { patient }).text();
    expect(text).toContain(CHILD);
    expect(text).not.toContain('monitoring');
    expect(text).not.toContain('By score');
  });
});

describe('lists of sets', () => {
  it('colour no value of a set that was not scored', () => {
    const table = show(SetsTable, { reports: [setAt('08:00', null), setAt('12:00', 'pregnant', 2)] });
    expect(table.find('[data-testid=set-1]').findAll('.points-3')).toHaveLength(2);
    expect(table.find('[data-testid=set-2]').findAll('.points-1, .points-2, .points-3, sup')).toEqual([]);
    expect(table.find('[data-testid=set-2]').text()).toContain(PREGNANT);
  });

  it('print no points behind its values', () => {
    const [scored, unscored] = show(PrintedSets, {
      reports: [setAt('08:00', null), setAt('12:00', 'pregnant', 2)],
      emptyLines: 0,
      label: 'Ada',
    }).findAll('tbody tr');
    expect(scored!.text()).toContain('34 (3)');
    expect(unscored!.text()).not.toContain('(');
    expect(unscored!.text()).toContain(PREGNANT);
  });

  it('say on a version why there was no score before', () => {
    const version = (id: number, reason: NotScoredReason | null) => ({
      ...setAt('08:00', reason),
      history_id: id,
      history_type: '~',
      history_date: '2026-11-22T08:00:00Z',
      history_user: null,
      history_change_reason: 'scored again: date of birth corrected',
      amendments: 0,
    });
    const card = (before: NotScoredReason | null, after: NotScoredReason | null) =>
      show(VersionCard, {
        version: version(2, after),
        before: version(1, before),
        isCurrent: true,
        isRetired: false,
        entries: null,
        hasLedgerFailed: false,
        canAmend: false,
        canRetire: false,
      }).find('.score-line');
    expect(card(null, 'under_16').text()).toContain(CHILD);
    expect(card(null, 'under_16').find('del').text()).toBe('NEWS2 9');
    expect(card('under_16', null).find('del').text()).toBe(CHILD);
  });
});
