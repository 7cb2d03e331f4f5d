/** The frames of `/ws/` (one connection for all streams). */

export type Stream = 'patients' | 'reports' | 'history' | 'notifications' | 'events';

export interface Frame {
  stream: Stream | null;
  payload: Record<string, unknown>;
}

/** Greeting and heartbeat: everything up to `event` that this user may see has been handed over. */
export interface EventsFrame {
  type: 'hello' | 'heartbeat';
  event: number;
  epoch: string;
  server_time: string;
  /** Whether a worker beat within ten seconds: without one nobody is reminded of anything. */
  worker: boolean;
}

export interface ChangeFrame {
  type: 'change';
  action: 'create' | 'update' | 'delete';
  data: Record<string, unknown>;
  event: number;
}

export interface Reply<T = unknown> {
  action: string;
  request_id: unknown;
  response_status: number;
  errors: unknown[] | null;
  data: T;
  /** The event that a list or retrieve is true as of. */
  event?: number;
}

export interface ListPage<T> {
  count: number | null;
  results: T[];
  /** The cursor of the page behind this one; null at the end. */
  next?: string | null;
}

export interface Request {
  action: string;
  pk?: number;
  ids?: readonly number[];
  data?: Record<string, unknown>;
  filters?: Record<string, unknown>;
  limit?: number;
  offset?: number;
  cursor?: string;
  max_bytes?: number;
  idempotency_key?: string;
  since?: number;
  epoch?: string;
}

/** The server understood the request and refused it. */
export class RequestRefused extends Error {
  constructor(readonly reply: Reply) {
    super(`${reply.action} was answered with ${reply.response_status}`);
  }
  get status(): number {
    return this.reply.response_status;
  }
}

/** No answer came. Where the request `wasSent`, the server may or may not have carried it out. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    readonly wasSent: boolean,
  ) {
    super(message);
  }
}

/** Close codes of the server. */
export const CLOSE_SIGNED_OUT = 4401;
