import { expect, it } from 'vitest';

import type { News2 } from '@/api/types';
import { makeNews2 } from '@/testing';
import { isSpo2WithoutPoints } from './spo2';

const parts = { ...makeNews2().parts, o2sat: null, supplemental_oxygen: null };

const cases: [string, Partial<News2>, boolean][] = [
  ['measured without oxygen recorded, on scale 2', { parts, missing: ['supplemental_oxygen'] }, true],
  ['not measured', { parts, missing: ['o2sat', 'supplemental_oxygen'] }, false],
  ['measured and scored 0', { missing: ['supplemental_oxygen'] }, false],
  ['of a patient who is not scored at all', { parts, not_scored_because: 'pregnant' }, false],
];

it.each(cases)('an SpO2 %s', (_, news2, isWithout) => {
  expect(isSpo2WithoutPoints(makeNews2(news2))).toBe(isWithout);
});
