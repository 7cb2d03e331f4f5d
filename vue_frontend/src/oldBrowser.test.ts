// @vitest-environment jsdom
/** The check for browsers that are too old: ../../static/old-browser.js, a file that no build touches. */
import { readFileSync } from 'node:fs';

import { Linter } from 'eslint';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const source = read('../../static/old-browser.js');
const floor = (JSON.parse(read('../package.json')) as { browserslist: string[] }).browserslist;

function runWhere(supports: (property: string) => boolean): string[] {
  document.body.innerHTML = '<div id="app"></div>';
  vi.stubGlobal('CSS', { supports });
  new Function(source)();
  return [...document.querySelectorAll('#old-browser p')].map((one) => one.textContent);
}

beforeEach(() => void vi.unstubAllGlobals());

describe('the check for browsers that are too old', () => {
  it('is written in the syntax that the oldest of them read', () => {
    const found = new Linter().verify(source, { languageOptions: { ecmaVersion: 5, sourceType: 'script' } });
    expect(found).toEqual([]);
  });

  it('says nothing, and leaves the application its place, where everything is there', () => {
    expect(runWhere(() => true)).toEqual([]);
    expect(document.getElementById('app')).not.toBeNull();
  });

  it.each(['container-type', 'height'])(
    'says so in three languages where %s lacks what is needed',
    (lacking) => {
      const texts = runWhere((property) => property !== lacking);
      expect(texts).toHaveLength(3);
      expect(document.getElementById('app')).toBeNull();
    },
  );

  it('names the floor that the build goes by', () => {
    const versions = new Set(floor.map((one) => one.split(' >= ')[1]));
    expect([...versions]).toEqual(['109', '115', '16.4']);
    for (const text of runWhere(() => false)) for (const version of versions) expect(text).toContain(version);
  });
});
