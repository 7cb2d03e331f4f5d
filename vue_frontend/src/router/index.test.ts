// @vitest-environment jsdom

import { describe, expect, it } from 'vitest';
import { pageAskedFor } from './index';

const asked = (next: string | string[]): string => pageAskedFor({ query: { next } });

describe('the page after the sign-in', () => {
  it.each([
    '/',
    '/patients/5',
    '/swagger',
    '/api/patients/?ward=A%201&limit=3',
    '/patients/5#chart',
    '/a//b',
  ])('is the one asked for: %s', (next) => {
    expect(asked(next)).toBe(next);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/x/..//evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    'evil.example',
    '///',
    '',
    ['/a', '/b'],
  ])('is never on another site: %j', (next) => {
    expect(asked(next as string)).toBe('/');
  });
});
