import { describe, expect, it } from 'vitest';

import type { NumberField, Range } from '@/api/types';
import {
  cleanText,
  isFinished,
  isJump,
  judge,
  toNumber,
  withImpliedPoint,
  type EntrySpec,
} from './numberEntry';

const range = (hard: [number, number], soft: [number, number] | null, isWhole: boolean): Range => ({
  unit: '',
  hard,
  soft,
  isWhole,
});
const spec = (field: NumberField, decimals: number, limits: Range): EntrySpec => ({
  field,
  decimals,
  range: limits,
});

const pulse = spec('pulse', 0, range([0, 300], [30, 200], true));
const respiration = spec('respiration', 0, range([0, 120], [6, 50], true));
const o2sat = spec('o2sat', 0, range([0, 100], [80, 100], false));
const temperature = spec('temperature', 1, range([13, 45], [34, 41], false));

describe('typing a number', () => {
  it('keeps digits and one point, and none in whole fields', () => {
    expect(cleanText('8a8', pulse)).toBe('88');
    expect(cleanText('88.5', pulse)).toBe('88');
    expect(cleanText('36,85', temperature)).toBe('36.8');
    expect(cleanText('-5', pulse)).toBe('5');
  });

  it('puts the point of a temperature where it must be', () => {
    expect(withImpliedPoint('368', temperature)).toBe('36.8');
    expect(withImpliedPoint('36', temperature)).toBe('36');
    expect(withImpliedPoint('112', pulse)).toBe('112');
  });

  it('reads nothing out of an empty or unfinished text, and 0 out of 0', () => {
    expect(toNumber('')).toBeNull();
    expect(toNumber('36.')).toBeNull();
    expect(toNumber('0')).toBe(0);
  });

  it.each([
    [respiration, '1', false],
    [respiration, '18', true],
    [respiration, '8', true],
    [pulse, '8', false],
    [pulse, '88', true],
    [pulse, '11', false],
    [pulse, '112', true],
    [o2sat, '9', false],
    [o2sat, '97', true],
    [o2sat, '10', false],
    [o2sat, '100', true],
    [temperature, '36', false],
    [temperature, '36.8', true],
    [pulse, '0', false],
    [pulse, '24', false],
    [pulse, '240', true],
    [pulse, '29', false],
    [pulse, '31', true],
    [temperature, '42', false],
    [temperature, '42.1', true],
    [temperature, '46', true],
  ])(
    'moves on only when no further digit gives a usual value, or any after an unusual one (%#)',
    (of, text, finished) => {
      expect(isFinished(text, of)).toBe(finished);
    },
  );

  it('does not move on by itself while the table of ranges is not here', () => {
    expect(isFinished('88', { field: 'pulse', decimals: 0, range: undefined })).toBe(false);
  });
});

describe('judging a number', () => {
  it.each([
    ['', 'empty'],
    ['88', 'possible'],
    ['30', 'possible'],
    ['29', 'unusual'],
    ['200', 'possible'],
    ['201', 'unusual'],
    ['300', 'unusual'],
    ['301', 'impossible'],
    ['0', 'unusual'],
  ])('a pulse of %j is %s', (text, judgement) => {
    expect(judge(text, pulse)).toBe(judgement);
  });

  it('calls a jump what rose or fell by half, and never without a value before', () => {
    expect(isJump('pulse', 80, 120)).toBe(true);
    expect(isJump('pulse', 80, 119)).toBe(false);
    expect(isJump('pulse', null, 180)).toBe(false);
    expect(isJump('weight', 80, 8)).toBe(false);
  });
});
