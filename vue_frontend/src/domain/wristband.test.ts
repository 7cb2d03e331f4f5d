import { describe, expect, it } from 'vitest';

import { findByWristband, readWristband } from './wristband';

const ada = { id: 1, hospital_number: 'H0013' };
const ben = { id: 2, hospital_number: '0013' };
const nobody = { id: 3, hospital_number: null };
const all = [nobody, ada, ben];

describe('whose wristband it is', () => {
  it('goes by the whole number, whatever its case', () => {
    expect(readWristband(' h0013 ', ada, all)).toEqual({ kind: 'right' });
    expect(readWristband('0013', ada, all)).toEqual({ kind: 'other', other: ben });
    expect(readWristband('013', ada, all)).toEqual({ kind: 'wrong' });
  });

  it('cannot be told of somebody without a number, but that it is another’s can', () => {
    expect(readWristband('7777', nobody, all)).toEqual({ kind: 'unknown' });
    expect(readWristband('H0013', nobody, all)).toEqual({ kind: 'other', other: ada });
  });

  it('finds nobody by no number', () => {
    expect(findByWristband('0013', all)).toBe(ben);
    expect(findByWristband(' ', all)).toBeUndefined();
    expect(findByWristband('7777', all)).toBeUndefined();
  });
});
