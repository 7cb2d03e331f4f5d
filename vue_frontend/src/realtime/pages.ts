/** Lists in pages that a slow line carries in little more than a second. */

import type { ObsSocket } from './obsSocket';
import { NoAnswer, type ListPage, type Request, type Stream } from './protocol';

/** Of a page's objects; with what stands around them an answer stays under 64 kB. */
export const PAGE_BYTES = 63_000;
/** Of the first page: more than any screen shows at once, and there in half a second where nothing compresses it. */
export const FIRST_PAGE_BYTES = 20_000;
/** No more rows are read for a page than it holds, nearly: a patient is 1.1 kB. */
const PAGE_ROWS = 100;

export interface Page<T> {
  results: T[];
  /** How many there are in all pages; null: very many. */
  count: number | null;
  /** The cursor of the page behind; null at the end. */
  next: string | null;
  /** What the page is true as of. */
  event: number;
}

/** `action`: "list" unless said. */
export type PageRequest = Partial<Pick<Request, 'action' | 'filters' | 'limit' | 'offset' | 'cursor'>>;

/** One page of a list. Throws what the socket throws. */
export async function askForPage<T>(
  socket: ObsSocket,
  stream: Stream,
  asked: PageRequest,
  bytes = PAGE_BYTES,
): Promise<Page<T>> {
  const request = { action: 'list', limit: PAGE_ROWS, ...asked, max_bytes: bytes };
  const reply = await socket.requestPage<ListPage<T>>(stream, request);
  const { results, count, next } = reply.data;
  // A server of a release before ends a page and says of no other: half a list must not pass for a whole one.
  if (next === undefined && results.length >= request.limit) throw new NoAnswer('no page has an end', true);
  return { results, count, next: next ?? null, event: reply.event ?? 0 };
}

/** All pages of a list, each asked for when it is wanted. Throws what the socket throws. */
export async function* pagesOf<T>(
  socket: ObsSocket,
  stream: Stream,
  asked: Omit<PageRequest, 'offset' | 'cursor'>,
): AsyncGenerator<Page<T>> {
  let page = await askForPage<T>(socket, stream, asked, FIRST_PAGE_BYTES);
  yield page;
  while (page.next !== null) {
    page = await askForPage<T>(socket, stream, { ...asked, cursor: page.next });
    yield page;
  }
}
