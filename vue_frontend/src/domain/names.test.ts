import { describe, expect, it } from 'vitest';

import cases from './names.cases.json';
import {
  compareByName,
  compareByPlace,
  familyKey,
  fold,
  formatName,
  formatNameWithInitial,
  placeKey,
  trimmed,
} from './names';

type Pairs = [string, string][];

describe('names, numbers and places', () => {
  it.each(cases.fold as Pairs)('%s is searched as %s, as the server does', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it.each(cases.place as Pairs)('%s is ordered as %s', (text, key) => {
    expect(placeKey(text)).toBe(key);
  });

  it.each(cases.trimmed as Pairs)('%j is trimmed', (text, left) => {
    expect(trimmed(text)).toBe(left);
  });

  it.each(cases.name as [{ last_name: string; first_name: string }, string][])(
    '%j is shown',
    (person, name) => {
      expect(formatName(person)).toBe(name);
    },
  );

  it('are ordered by the folded name', () => {
    const names = ['Zöller', 'zapf', 'Ørsted', 'O’Brien', ''].map((last_name) => ({
      last_name,
      first_name: 'A',
    }));
    expect(names.sort(compareByName).map((one) => one.last_name)).toEqual([
      '',
      'O’Brien',
      'Ørsted',
      'zapf',
      'Zöller',
    ]);
  });

  it('show on the wall an initial, or the one name that there is', () => {
    expect(formatNameWithInitial({ last_name: 'Smith', first_name: 'John' })).toBe('SMITH, J');
    expect(formatNameWithInitial({ last_name: 'Smith', first_name: '' })).toBe('SMITH');
    expect(formatNameWithInitial({ last_name: '', first_name: 'Sukarno' })).toBe('Sukarno');
  });

  it('are shared by a family, also where somebody has one name', () => {
    expect(familyKey({ last_name: 'O’Brien', first_name: 'Ada' })).toBe(
      familyKey({ last_name: '', first_name: 'OBRIEN' }),
    );
  });
});

it('wards are ordered as on the server: numbers by their value, letters by their folded key', () => {
  const wards = ['10', '7_A', 'ICU', '7-A', '9', 'äußere', 'Azur'];
  expect(wards.sort(compareByPlace)).toEqual(['7-A', '7_A', '9', '10', 'äußere', 'Azur', 'ICU']);
});
