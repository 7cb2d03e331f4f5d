// @vitest-environment jsdom

import { mount, RouterLinkStub } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ref } from 'vue';

import { NUMBER_FIELDS } from '@/api/types';
import NewsChart from '@/components/charts/NewsChart.vue';
import VitalFields from '@/components/form/VitalFields.vue';
import PrintedSets from '@/components/print/PrintedSets.vue';
import { emptyDraft } from '@/domain/observationDraft';
import { makeNews2, makePatient, makeReport } from '@/testing';
import LatestValues from './LatestValues.vue';
import SetsTable from './SetsTable.vue';

/** SpO2 95 on scale 2 has 0 points on air and 2 on oxygen: no screen may let it look like 0 before that is recorded. */
const WHY = 'No points: air or oxygen not recorded';
const LEGEND = '? SpO2 on scale 2, air or oxygen not recorded: it has no points.';
const parts = { ...makeNews2().parts, o2sat: null, supplemental_oxygen: null };
const unknown = makeNews2({
  spo2_scale: 2,
  score: null,
  complete: false,
  lower_bound: 2,
  parts,
  missing: ['supplemental_oxygen'],
});
const onAir = makeNews2({ spo2_scale: 2 });
const unmeasured = Object.fromEntries(NUMBER_FIELDS.map((field) => [field, null]));
const reportWith = (news2: typeof unknown) =>
  makeReport({
    ...unmeasured,
    due_at: null,
    created_at: '2026-11-22T12:00:00Z',
    diet: '',
    additional: '',
    medical_advice: '',
    news2,
    o2sat: 95,
    supplemental_oxygen: news2 === onAir ? false : null,
  });

beforeEach(() => {
  setActivePinia(createPinia());
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

it.each([
  ['the latest values', LatestValues, (news2: typeof unknown) => ({ reports: [reportWith(news2)] }), WHY],
  ['the table of sets', SetsTable, (news2: typeof unknown) => ({ reports: [reportWith(news2)] }), WHY],
  [
    'the chart',
    NewsChart,
    (news2: typeof unknown) => ({
      reports: [reportWith(news2)],
      name: 'Ada',
      paper: { width: 1040, height: 600 },
    }),
    LEGEND,
  ],
  [
    'the ward on paper',
    PrintedSets,
    (news2: typeof unknown) => ({ reports: [reportWith(news2)], emptyLines: 0, label: 'Ada' }),
    LEGEND,
  ],
  [
    'the form',
    VitalFields,
    (news2: typeof unknown) => ({
      form: {
        draft: { ...emptyDraft(), texts: { ...emptyDraft().texts, o2sat: '95' } },
        preview: ref({ news2 }),
        problems: ref({}),
        serverMessages: ref({}),
        warnings: ref({}),
      },
      patient: makePatient({ spo2_scale: 2 }),
      previous: new Map(),
      hasPad: false,
    }),
    WHY,
  ],
] as [string, object, (news2: typeof unknown) => Record<string, unknown>, string][])(
  '%s says why an SpO2 has no points',
  (_, component, propsOf, why) => {
    const textOf = (news2: typeof unknown) =>
      mount(component, { props: propsOf(news2), global: { stubs: { RouterLink: RouterLinkStub } } }).text();
    expect(textOf(unknown)).toContain(why);
    expect(textOf(onAir)).not.toContain(why);
  },
);
