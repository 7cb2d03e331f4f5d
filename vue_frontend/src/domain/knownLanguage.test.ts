import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it.each(['c', '', 'not a language'])(
  'lets uPlot load where the browser names no language: %o',
  async (language) => {
    vi.stubGlobal('navigator', { language });
    await import('./knownLanguage');
    expect(() => new Intl.NumberFormat(navigator.language)).not.toThrow();
  },
);

it('leaves a language alone that is one', async () => {
  vi.stubGlobal('navigator', { language: 'de-CH' });
  await import('./knownLanguage');
  expect(navigator.language).toBe('de-CH');
});
