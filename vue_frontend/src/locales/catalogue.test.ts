// @vitest-environment jsdom

import { afterEach, describe, expect, it } from 'vitest';

import { de } from './de';
import { en } from './en';
import { es } from './es';
import { dateWords, i18n, speak, t } from './index';

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(path + key, value);
    else for (const [below, text] of leaves(value, `${path}${key}.`)) found.set(below, text);
  }
  return found;
}

const placeholders = (text: string) => new Set(text.match(/\{\w+\}/g) ?? []);

describe.each([
  ['German', de],
  ['Spanish', es],
])('%s', (_, catalogue) => {
  const english = leaves(en as Tree);
  const other = leaves(catalogue as Tree);

  it('has every message that English has, and none besides', () => {
    expect([...other.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('says something wherever English does, with the same values in it', () => {
    for (const [key, text] of english) {
      const translated = other.get(key)!;
      expect(translated.trim() === '', key).toBe(text.trim() === '');
      expect(placeholders(translated), key).toEqual(placeholders(text));
    }
  });

  it('has a plural wherever English has one', () => {
    for (const [key, text] of english) {
      if (text.includes(' | ')) expect(other.get(key)!.split(' | ').length, key).toBeGreaterThan(1);
    }
  });

  it('has twelve months that can be told apart', () => {
    const months = catalogue.months.short.split(' ');
    expect(new Set(months).size).toBe(12);
  });
});

describe('choosing a language', () => {
  afterEach(() => speak('en'));

  it.each(['en', 'de', 'es'] as const)('%s has no message that cannot be said', async (code) => {
    await speak(code);
    for (const key of leaves(en as Tree).keys()) {
      expect(() => t(key as Parameters<typeof t>[0]), key).not.toThrow();
    }
    expect(t('import.formulas')).toContain('@');
  });

  it.each([
    ['de', '2 Patienten', 'Mär'],
    ['es', '2 pacientes', 'Mar'],
  ] as const)('%s has its own messages and months', async (code, patients, march) => {
    await speak(code);
    expect(t('board.patients', {}, 2)).toBe(patients);
    expect(dateWords().months[2]).toBe(march);
    expect(document.documentElement.lang).toBe(code);
    expect(i18n.global.locale.value).toBe(code);
  });
});
