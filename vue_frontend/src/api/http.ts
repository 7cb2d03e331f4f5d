/** REST for what has to work without a socket (signing in, devices) or has no stream (ranges, plans, fluids, …). */

import type { ErrorBody } from './types';

/** The server answered, and the answer was no. `body` is DRF's: {field: [messages]} or {detail}. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(`HTTP ${status}`);
  }
}

function readCookie(name: string): string {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? '' : decodeURIComponent(found.slice(name.length + 1));
}

/** As long as the server gives a request, in milliseconds: nothing that was asked for hangs on a dead line for ever. */
const LONGEST_WAIT = 60_000;

async function send(method: string, address: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRFToken'] = readCookie('csrftoken');
  // The browser itself names the type of a form with files, with the boundary it chose.
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json';
  const response = await fetch(address, {
    method,
    headers,
    credentials: 'same-origin',
    body: body === undefined || isForm ? body : JSON.stringify(body),
    // A file may take longer to send than an answer takes to come.
    signal: isForm ? null : AbortSignal.timeout(LONGEST_WAIT),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const parsed: unknown = text !== '' && isJson ? JSON.parse(text) : null;
  if (!response.ok) throw new HttpError(response.status, parsed as ErrorBody);
  return parsed;
}

export const http = {
  /** Throws HttpError for an answer that is no success, another error where the server cannot be reached in a minute. */
  get: (address: string) => send('GET', address),
  post: (address: string, body: unknown = {}) => send('POST', address, body),
  put: (address: string, body: unknown) => send('PUT', address, body),
  patch: (address: string, body: unknown) => send('PATCH', address, body),
  delete: (address: string, body?: unknown) => send('DELETE', address, body),
};

/** The first message a person can read in an error's body, or null. */
export function firstMessage(body: unknown): string | null {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return body.map(firstMessage).find((message) => message !== null) ?? null;
  if (body !== null && typeof body === 'object') return firstMessage(Object.values(body));
  return null;
}
