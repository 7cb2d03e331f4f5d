import { describe, expect, it } from 'vitest';

import { filesOf, isFileByHash, isOfRelease, isPage, withoutAnybody } from './shell';

describe('what the service worker keeps', () => {
  it.each(['/', '/patients', '/patients/3/record', '/sign-in', '/apiary', '/administration'])(
    'is a page: %s',
    (path) => expect(isPage(path)).toBe(true),
  );

  it.each([
    '/api/',
    '/api/patients/',
    '/api',
    '/rest-auth/user/',
    '/admin/',
    '/swagger',
    '/swagger/',
    '/swagger.json',
    '/health/live',
    '/metrics',
    '/static/app/main.0123456789.js',
    '/ws/',
    '/sw.js',
  ])('is no page: %s', (path) => expect(isPage(path)).toBe(false));

  it.each([
    ['/static/app/main.0123456789.js', true],
    ['/static/app/ibm-plex-sans-latin-wght-normal.b33a81b769.woff2', true],
    ['/static/app/main.js', false],
    ['/static/app/webpack-stats.json', false],
    ['/static/admin/css/base.0123456789.css', false],
    ['/api/main.0123456789.js', false],
  ])('is a file by hash: %s %s', (path, is) => expect(isFileByHash(path)).toBe(is));

  it('is what webpack lists, without what has no hash', () => {
    const stats = { assets: { 'main.0123456789.js': {}, 'icon.svg': {}, 'webpack-stats.json': {} } };
    expect(filesOf(stats)).toEqual(['/static/app/main.0123456789.js']);
    for (const other of [null, {}, [], { assets: null }]) expect(filesOf(other)).toEqual([]);
  });

  it('is one release: the page and the files belong together', () => {
    const files = ['/static/app/main.0123456789.css', '/static/app/main.0123456789.js'];
    expect(isOfRelease('<script src="/static/app/main.0123456789.js" defer>', files)).toBe(true);
    expect(isOfRelease('<script src="/static/app/main.9876543210.js" defer>', files)).toBe(false);
  });

  it('is a page of nobody', () => {
    expect(withoutAnybody('<html lang="en" data-signed-in="no">')).toBe(
      '<html lang="en" data-signed-in="unknown">',
    );
  });
});
