import { describe, expect, it } from 'vitest';

import { bedKey, foldPlace, inSharedBeds } from './places';

describe('a place', () => {
  it.each([
    ['7A', '7a'],
    ['7A', '7 A'],
    ['7A', ' 7\u00a0A\u200b'],
    ['7A', '\uff17\uff21'],
    ['Weißstation', 'WEISSSTATION'],
  ])('%s is %s', (one, other) => {
    expect(foldPlace(one)).toBe(foldPlace(other));
  });

  it.each([
    ['7A', '7B'],
    ['3', '03'],
    ['3-1', '31'],
  ])('%s is not %s', (one, other) => {
    expect(foldPlace(one)).not.toBe(foldPlace(other));
  });
});

describe('a bed', () => {
  const lies = (id: number, ward: string, bed: string) => ({ id, ward, bed });

  it('is shared by all who have it, in one ward', () => {
    const patients = [lies(1, '7A', '3'), lies(2, '7a', '3 '), lies(3, '7A', '3'), lies(4, '8B', '3')];
    expect([...inSharedBeds(patients)]).toEqual([1, 2, 3]);
  });

  it('that is not known is shared by nobody', () => {
    expect(bedKey(lies(1, '7A', ' '))).toBeNull();
    expect(inSharedBeds([lies(1, '7A', ''), lies(2, '7A', '')]).size).toBe(0);
  });
});
