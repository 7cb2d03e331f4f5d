import { describe, expect, it } from 'vitest';

import type { NumberField, Range } from '@/api/types';
import {
  goesBack,
  handsOn,
  isJump,
  judge,
  readWhole,
  settled,
  toNumber,
  typeInto,
  withImpliedPoint,
  type EntrySpec,
} from './numberEntry';

const range = (hard: [number, number], soft: [number, number] | null, isWhole: boolean): Range => ({
  unit: '',
  hard,
  soft,
  isWhole,
});
const spec = (field: NumberField, decimals: number, limits: Range, isWhole = limits.isWhole): EntrySpec => ({
  field,
  decimals,
  isWhole,
  range: limits,
});

const pulse = spec('pulse', 0, range([0, 300], [30, 200], true));
const respiration = spec('respiration', 0, range([0, 120], [6, 50], true));
const o2sat = spec('o2sat', 0, range([0, 100], [80, 100], false), true);
const flow = spec('oxygen_flow', 0, range([0, 80], null, false));
const temperature = spec('temperature', 1, { ...range([13, 45], [34, 41], false), unit: '°C' });
const glucose = spec('blood_glucose', 1, range([0.1, 83], null, false));
const pain = spec('pain_score', 0, range([0, 10], null, true));

describe('typing a number', () => {
  it('takes the keys of a number, and no other', () => {
    expect(typeInto('8', '8a', pulse)).toBe('8');
    expect(typeInto('', '-', pulse)).toBe('');
    expect(typeInto('36', '36,', temperature)).toBe('36.');
    expect(typeInto('36.8', '36.8.', temperature)).toBe('36.8');
    expect(typeInto('３', '３６', temperature)).toBe('36');
  });

  it('drops nothing of what was typed: no decimal and no zero in front', () => {
    expect(typeInto('36.8', '36.85', temperature)).toBe('36.85');
    expect(typeInto('00000', '000007', pulse)).toBe('000007');
    expect(typeInto('88.', '88.5', pulse)).toBe('88.5');
    expect(judge('88.5', pulse)).toBe('fraction');
    expect(judge('97.5', o2sat)).toBe('fraction');
    expect(judge('97.0', o2sat)).toBe('possible');
  });

  it.each([
    ['36,85', '36.85'],
    [' 36.8 °C', '36.8'],
    ['３６．８', '36.8'],
    ['368', '36.8'],
    ['120/80', '120/80'],
    ['-5', '-5'],
    ['1e3', '1e3'],
    ['36.8 37.2', '36.8 37.2'],
  ])('reads %j, pasted, as %j, and picks no digits out of what is no number', (pasted, text) => {
    expect(readWhole(pasted, temperature)).toBe(text);
    expect(judge(text, temperature) === 'unfinished').toBe(/[^\d.]/.test(text));
  });

  it('puts the point of a temperature where it must be', () => {
    expect(withImpliedPoint('368', temperature)).toBe('36.8');
    expect(withImpliedPoint('36', temperature)).toBe('36');
    expect(withImpliedPoint('112', pulse)).toBe('112');
  });

  it.each([
    ['36.84', 36.8],
    ['36.85', 36.9],
    ['36.849', 36.8],
    ['39.95', 40],
    ['0.05', 0.1],
  ])('rounds %s half up to %s, as the server does, and shows it', (text, value) => {
    expect(toNumber(text)).toBe(value);
    expect(Number(settled(text, temperature))).toBe(value);
  });

  it('shows what cannot be stored as it was typed', () => {
    expect(settled('88.55', pulse)).toBe('88.55');
    expect(settled('36.', temperature)).toBe('36.');
    expect(settled('012', pulse)).toBe('12');
  });

  it('reads nothing out of an empty or unfinished text, and 0 out of 0', () => {
    expect(toNumber('')).toBeNull();
    expect(toNumber('36.')).toBeNull();
    expect(toNumber('0')).toBe(0);
  });
});

describe('handing on', () => {
  it.each([
    [respiration, '1', false],
    [respiration, '18', true],
    [respiration, '6', false],
    [respiration, '8', false],
    [respiration, '11', false],
    [respiration, '12', true],
    [respiration, '60', true],
    [respiration, '012', true],
    [pulse, '8', false],
    [pulse, '88', true],
    [pulse, '11', false],
    [pulse, '112', true],
    [o2sat, '9', false],
    [o2sat, '97', true],
    [o2sat, '10', true],
    [o2sat, '100', true],
    [flow, '1', false],
    [flow, '8', true],
    [temperature, '36', false],
    [temperature, '36.8', false],
    [pulse, '0', false],
    [pulse, '24', false],
    [pulse, '240', true],
    [pulse, '29', false],
    [pulse, '30', true],
    [pulse, '31', true],
    [temperature, '42', false],
    [temperature, '46', true],
  ])(
    'before a number only where no digit to come belongs here or would be lost there (%#)',
    (of, text, is) => {
      expect(handsOn(text, of, o2sat)).toBe(is);
    },
  );

  it('after the first decimal, to what takes no digits', () => {
    expect(handsOn('36.8', temperature, null)).toBe(true);
    expect(handsOn('42.1', temperature, null)).toBe(true);
    expect(handsOn('41', temperature, null)).toBe(false);
    expect(handsOn('4', temperature, null)).toBe(false);
    expect(goesBack('5', '36.8', temperature, null)).toBe(true);
  });

  it('waits where the next number may begin with a 0', () => {
    expect(handsOn('1', pain, glucose)).toBe(false);
    expect(handsOn('1', pain, respiration)).toBe(true);
  });

  it('gives back what cannot begin the next number, and nothing else', () => {
    expect(goesBack('0', '12', respiration, o2sat)).toBe(true);
    expect(goesBack('9', '12', respiration, o2sat)).toBe(false);
    expect(goesBack('0', '13', respiration, o2sat)).toBe(false); // 130 cannot be
    expect(goesBack('.', '97', o2sat, null)).toBe(true); // no number there: to be seen as what it is
    expect(goesBack('.', '36.8', temperature, null)).toBe(false);
    expect(goesBack('a', '97', o2sat, null)).toBe(false);
  });

  it('does not happen by itself while the table of ranges is not here', () => {
    expect(handsOn('88', { field: 'pulse', decimals: 0, isWhole: true, range: undefined }, null)).toBe(false);
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
