/**
 * Our connection to the ward: one WebSocket for all streams.
 *
 * The helper library reconnects; matching answers to requests, judging whether the line is alive, and saying
 * so, is done here. Knows nothing of Vue, stores or patients.
 */

import {
  CLOSE_SIGNED_OUT,
  NoAnswer,
  RequestRefused,
  type EventsFrame,
  type Frame,
  type Reply,
  type Request,
  type Stream,
} from './protocol';

/** What we use of a WebSocket; partysocket's ReconnectingWebSocket has it, and so have the tests' fakes. */
export interface SocketLike {
  /** As WebSocket's: 1 while something can be sent. */
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  reconnect(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
}

/**
 * `connecting`: the line was lost and is being sought; `open`: the server has greeted; `dead`: nothing comes through,
 * though nobody closed it. `connecting` follows at once.
 */
export type SocketState = 'connecting' | 'open' | 'dead' | 'closed';

export interface ObsSocketListeners {
  onState(state: SocketState): void;
  /** Greeting of a new connection: from here on, every change after `event` reaches us. */
  onHello(frame: EventsFrame): void;
  onHeartbeat(frame: EventsFrame): void;
  /** A pushed frame of any stream. */
  onPush(stream: Stream, payload: Record<string, unknown>): void;
  /** The sign-in has ended; the socket stays closed. */
  onSignedOut(): void;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
  /** A page or a write: until its answer is here, no page is asked for. */
  hasLine: boolean;
}

/** A page that is not asked for yet. */
interface Queued {
  ask(): void;
  reject(error: Error): void;
}

/** The server sends a heartbeat every 10 s: after this silence the line is asked whether it lives. */
export const ASK_AFTER_MS = 12_000;
/** Where no frame at all follows the question for so long, the line is dead, whatever the browser says. */
export const PONG_WITHIN_MS = 3_000;
/** So long after the last frame nothing on the screen may count as live. */
export const STALE_AFTER_MS = ASK_AFTER_MS + PONG_WITHIN_MS;
const WATCH_EVERY_MS = 250;
const CAN_SEND = 1;
export const ANSWER_WITHIN_MS = 15_000;
/** Whose answers are small. All else is a page of a list or a write. */
const SMALL_QUESTIONS: ReadonlySet<string> = new Set(['retrieve', 'preview', 'resume', 'ping']);

export class ObsSocket {
  private socket: SocketLike | null = null;
  private waiting = new Map<string, Waiting>();
  private queued: Queued[] = [];
  private writesElsewhere = 0;
  private lastRequest = 0;
  private watch: ReturnType<typeof setInterval> | null = null;
  private lastHeardAt = 0;
  private askedAt: number | null = null;
  private isGreeted = false;

  constructor(
    private readonly makeSocket: () => SocketLike,
    private readonly listeners: ObsSocketListeners,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  open(): void {
    if (this.socket !== null) return;
    const socket = this.makeSocket();
    this.socket = socket;
    this.lastHeardAt = this.clock();
    socket.onopen = () => {
      this.lastHeardAt = this.clock();
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = (event: CloseEvent) => this.lose(event.code);
    this.watch = setInterval(() => this.checkSilence(), WATCH_EVERY_MS);
  }

  close(): void {
    if (this.watch !== null) clearInterval(this.watch);
    this.watch = null;
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close(1000);
    }
    this.isGreeted = false;
    this.forgetRequests();
    this.listeners.onState('closed');
  }

  /** The line is dead: say so, and try anew at once. */
  giveUp(): void {
    if (this.socket === null) return;
    this.listeners.onState('dead');
    this.reconnect();
  }

  /** Give the present line up and try anew at once. */
  reconnect(): void {
    if (this.socket === null) return;
    this.lastHeardAt = this.clock();
    this.askedAt = null;
    this.isGreeted = false;
    this.forgetRequests();
    this.listeners.onState('connecting');
    this.socket.reconnect();
  }

  get isOpen(): boolean {
    return this.isGreeted;
  }

  /** Whether an answer is waited for. */
  get isBusy(): boolean {
    return this.waiting.size > 0 || this.queued.length > 0;
  }

  /**
   * As `request`, for a page of a list: one at a time in the order of asking, and none while a write waits for its
   * answer. On a slow line a save then waits behind one page at most.
   */
  requestPage<T>(stream: Stream, request: Request): Promise<Reply<T>> {
    if (!this.isGreeted) return Promise.reject(new NoAnswer('not connected', false));
    return new Promise<Reply<T>>((resolve, reject) => {
      this.queued.push({ ask: () => void this.request<T>(stream, request).then(resolve, reject), reject });
      this.askForNextPage();
    });
  }

  /** A write that goes another way has the line for itself as well, until the function that this gives is called. */
  holdPages(): () => void {
    let isHeld = true;
    this.writesElsewhere += 1;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.writesElsewhere -= 1;
      this.askForNextPage();
    };
  }

  /**
   * Send a request and wait for its answer.
   *
   * Throws RequestRefused for an answer that refuses it, NoAnswer when none came or the server failed: whether it
   * was done is then unknown, so a write may be repeated with the same idempotency key only.
   */
  request<T>(stream: Stream, request: Request, within = ANSWER_WITHIN_MS): Promise<Reply<T>> {
    const socket = this.socket;
    if (socket === null || !this.isGreeted) return Promise.reject(new NoAnswer('not connected', false));
    if (socket.readyState !== CAN_SEND) {
      this.giveUp();
      return Promise.reject(new NoAnswer('the line is dead', false));
    }
    const requestId = `r${++this.lastRequest}`;
    return new Promise<Reply<T>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(requestId);
        reject(new NoAnswer('no answer in time', true));
        this.askForNextPage();
      }, within);
      const hasLine = !SMALL_QUESTIONS.has(request.action);
      this.waiting.set(requestId, { resolve: resolve as (reply: Reply) => void, reject, timer, hasLine });
      socket.send(JSON.stringify({ stream, payload: { ...request, request_id: requestId } }));
    });
  }

  private receive(text: string): void {
    this.lastHeardAt = this.clock();
    this.askedAt = null;
    const frame = JSON.parse(text) as Frame;
    const payload = frame.payload;
    if ('request_id' in payload && 'response_status' in payload) {
      this.answer(payload as unknown as Reply);
      return;
    }
    if (frame.stream === null) return;
    if (payload.type === 'hello') {
      this.isGreeted = true;
      this.listeners.onState('open');
      this.listeners.onHello(payload as unknown as EventsFrame);
    } else if (payload.type === 'heartbeat') {
      this.listeners.onHeartbeat(payload as unknown as EventsFrame);
    } else {
      this.listeners.onPush(frame.stream, payload);
    }
  }

  private answer(reply: Reply): void {
    const waiting = this.waiting.get(String(reply.request_id));
    if (waiting === undefined) return;
    this.waiting.delete(String(reply.request_id));
    clearTimeout(waiting.timer);
    if (reply.response_status >= 200 && reply.response_status < 300) waiting.resolve(reply);
    else if (reply.response_status >= 500) waiting.reject(new NoAnswer('the server failed', true));
    else waiting.reject(new RequestRefused(reply));
    this.askForNextPage();
  }

  private askForNextPage(): void {
    if (this.writesElsewhere > 0 || [...this.waiting.values()].some((one) => one.hasLine)) return;
    this.queued.shift()?.ask();
  }

  private lose(code: number): void {
    this.isGreeted = false;
    this.askedAt = null;
    this.forgetRequests();
    if (code === CLOSE_SIGNED_OUT) {
      this.close();
      this.listeners.onSignedOut();
      return;
    }
    this.listeners.onState('connecting');
  }

  /** A line that is silent is asked, and given up where nothing follows, even if the browser still calls it open. */
  private checkSilence(): void {
    const now = this.clock();
    if (!this.isGreeted) {
      if (now - this.lastHeardAt >= STALE_AFTER_MS) this.giveUp();
    } else if (this.askedAt !== null) {
      if (now - this.askedAt >= PONG_WITHIN_MS) this.giveUp();
    } else if (now - this.lastHeardAt >= ASK_AFTER_MS) {
      this.askedAt = now;
      // Whatever comes is a sign of life; whether it is this answer does not matter.
      this.request('events', { action: 'ping' }).catch(() => undefined);
    }
  }

  private forgetRequests(): void {
    const lost = [...this.waiting.values()];
    const neverAsked = this.queued;
    this.waiting.clear();
    this.queued = [];
    for (const page of neverAsked) page.reject(new NoAnswer('the connection was lost', false));
    for (const waiting of lost) {
      clearTimeout(waiting.timer);
      waiting.reject(new NoAnswer('the connection was lost', true));
    }
  }
}
