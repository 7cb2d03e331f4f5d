// @vitest-environment jsdom

import { afterEach, expect, it } from 'vitest';

import { speak } from '@/locales';
import { useFormat } from './useFormat';

const THEN = '2026-11-22T12:00:00Z';
const after = (seconds: number) => Date.parse(THEN) + seconds * 1000;

afterEach(() => speak('en'));

it.each([
  [-5, 'just now', '<1min'],
  [0, 'just now', '<1min'],
  [59, 'just now', '<1min'],
  [60, '1min ago', '1min'],
  [3700, '1hr 1min ago', '1hr 1min'],
])('says of what lies %d s back that it was %s', (seconds, ago, elapsed) => {
  expect(useFormat().ago(THEN, after(seconds))).toBe(ago);
  expect(useFormat().elapsed(seconds * 1000)).toBe(elapsed);
});

it('says so in the language of the page', async () => {
  await speak('de');
  expect([useFormat().ago(THEN, after(5)), useFormat().ago(THEN, after(120))]).toEqual([
    'gerade eben',
    'vor 2min',
  ]);
});
