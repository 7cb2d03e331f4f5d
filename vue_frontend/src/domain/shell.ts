/** What of the site the service worker keeps: the empty page and the files it is made of, never what the server says. */

/** The application's own page, without anybody's data; fetched without cookies. */
export const SHELL = '/';
/** Which files the release consists of. */
export const STATS = '/static/app/webpack-stats.json';

const FILES = '/static/app/';
const BY_HASH = /^\/static\/app\/[^/]+\.[0-9a-f]{10,20}\.(js|css|woff2|svg)$/;
/** As patients/api/pages.py's SERVER_PATHS: these answer for themselves, and nothing of them is ever kept. */
const SERVER_PATHS = /^\/(api|rest-auth|swagger|swagger\.json|health|metrics|admin|static|ws|sw\.js)(\/|$)/;

/** A page of the application, at whatever address: they all begin as the same one. */
export const isPage = (path: string) => !SERVER_PATHS.test(path);

/** A file whose name holds a hash of what is in it: what was fetched once is right for ever. */
export const isFileByHash = (path: string) => BY_HASH.test(path);

/** The files of a release, by webpack's list of them; none in development, where names have no hash. */
export function filesOf(stats: unknown): string[] {
  const assets = (stats as { assets?: Record<string, unknown> } | null)?.assets ?? {};
  return Object.keys(assets)
    .map((name) => FILES + name)
    .filter(isFileByHash);
}

/** Whether the page is of the release that these files are of. In an update another process may answer. */
export const isOfRelease = (page: string, files: readonly string[]) =>
  files.some((file) => /\/main\.[^/]+\.js$/.test(file) && page.includes(file));

/** The page as it is kept: who is signed in is not known before the server was asked. */
export const withoutAnybody = (page: string) =>
  page.replace(/data-signed-in="\w*"/, 'data-signed-in="unknown"');
