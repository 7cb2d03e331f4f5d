/**
 * Where this client stands in the log of events, and how it catches up after a lost connection.
 *
 * The cursor is the number up to which everything that this user may see has arrived. While a replay runs it
 * stays where it was: frames of the new connection may arrive before the missed ones, and if the line drops
 * again in between, the next replay must begin at the old place.
 */

import { RequestRefused, type EventsFrame } from './protocol';

export interface CatchUpSteps {
  /** Ask for a replay since that number; returns the number it ended with. Throws what the socket throws. */
  resume(since: number, epoch: string): Promise<number>;
  /** List everything on the screen afresh. Throws what the socket throws. */
  loadAfresh(): Promise<void>;
  /** The numbers of before mean nothing any more: a restored database. */
  forgetEvents(): void;
  /** From now on the screen shows the present. */
  becameLive(): void;
}

export class CatchUp {
  private cursor: number | null = null;
  private epoch: string | null = null;
  private isBehind = true;
  private connection = 0;
  /** What the running connection handed over while the replay was still on its way. */
  private pending = -1;

  constructor(private readonly steps: CatchUpSteps) {}

  get lastSeen(): number | null {
    return this.cursor;
  }

  /** A connection was greeted. Throws what the steps throw; the next greeting then begins again. */
  async begin(hello: EventsFrame): Promise<void> {
    this.interrupt();
    const connection = this.connection;
    if (this.cursor !== null && this.epoch === hello.epoch) {
      try {
        const last = await this.steps.resume(this.cursor, hello.epoch);
        if (connection === this.connection) this.finish(last);
        return;
      } catch (error) {
        if (!(error instanceof RequestRefused)) throw error;
      }
    }
    if (this.epoch !== null && this.epoch !== hello.epoch) this.steps.forgetEvents();
    // Not before the lists are here may the cursor stand at the greeting: a line that drops while they load
    // would otherwise resume onto a screen that was never filled.
    this.cursor = null;
    this.epoch = hello.epoch;
    await this.steps.loadAfresh();
    if (connection === this.connection) this.finish(hello.event);
  }

  /** The line is gone. */
  interrupt(): void {
    this.isBehind = true;
    this.pending = -1;
    this.connection += 1;
  }

  /** A heartbeat, or a pushed frame, with its number. */
  advance(event: number): void {
    if (this.isBehind || this.cursor === null) {
      this.pending = Math.max(this.pending, event);
      return;
    }
    this.cursor = Math.max(this.cursor, event);
  }

  /** Another user, or signed out. */
  reset(): void {
    this.interrupt();
    this.cursor = null;
    this.epoch = null;
  }

  private finish(last: number): void {
    this.cursor = Math.max(last, this.pending);
    this.pending = -1;
    this.isBehind = false;
    this.steps.becameLive();
  }
}
