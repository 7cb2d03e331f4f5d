/**
 * Objects that the server pushes and lists, each with the number of the event it is true as of.
 *
 * Snapshots and pushed changes cross on the wire, arrive twice or out of order; here, only what is newer
 * is applied, so that the result does not depend on the order of arrival.
 */

import { shallowReactive } from 'vue';

interface Identified {
  id: number;
}

/** A list that is being taken over, page by page. */
export interface Snapshot<T> {
  /** A page that is true as of `event`. */
  take(rows: readonly T[], event: number): void;
  /**
   * All pages are here. `covers` says which of the objects held belong in that list: those of them that are missing
   * from it, and are not newer than its first page, are gone.
   */
  end(covers: (held: T) => boolean): void;
}

export class EventOrderedCollection<T extends Identified> {
  /** The objects by id; reactive for each id, the objects themselves are replaced, never changed. */
  readonly items: Map<number, T> = shallowReactive(new Map<number, T>());
  private readonly eventOf = new Map<number, number>();
  private readonly deletedAt = new Map<number, number>();

  get(id: number): T | undefined {
    return this.items.get(id);
  }

  /** Take over a created or updated object. Returns whether it was newer than what we had. */
  put(object: T, event: number): boolean {
    if (event <= this.latestEventOf(object.id)) return false;
    this.store(object, event);
    return true;
  }

  /** Take over a deletion. A copy that is older but arrives later does not bring the object back. */
  remove(id: number, event: number): boolean {
    if (event <= this.latestEventOf(id)) return false;
    this.items.delete(id);
    this.eventOf.delete(id);
    this.deletedAt.set(id, event);
    return true;
  }

  /** Take over a list that comes in one page; `event` and `covers` as in `Snapshot`. */
  applySnapshot(rows: readonly T[], event: number, covers: (held: T) => boolean): void {
    const snapshot = this.beginSnapshot();
    snapshot.take(rows, event);
    snapshot.end(covers);
  }

  /** Take over a list whose pages may each be true as of another event. */
  beginSnapshot(): Snapshot<T> {
    const listed = new Set<number>();
    // What left one page for another in between has an event after the first one's.
    let first = Infinity;
    return {
      take: (rows, event) => {
        first = Math.min(first, event);
        for (const row of rows) {
          listed.add(row.id);
          if (event >= this.latestEventOf(row.id)) this.store(row, event);
        }
      },
      end: (covers) => {
        for (const held of [...this.items.values()]) {
          if (listed.has(held.id) || !covers(held) || this.latestEventOf(held.id) > first) continue;
          this.items.delete(held.id);
          this.eventOf.delete(held.id);
          this.deletedAt.set(held.id, first);
        }
      },
    };
  }

  /** Let go of an object that nobody looks at any more; if it is sent again, it is taken again. */
  forget(id: number): void {
    this.items.delete(id);
    this.eventOf.delete(id);
  }

  /** Forget everything: another user, or a database whose numbers mean something else. */
  clear(): void {
    this.items.clear();
    this.eventOf.clear();
    this.deletedAt.clear();
  }

  /** Numbers of a former epoch compare with nothing; the objects stay in sight until the fresh list comes. */
  forgetEvents(): void {
    for (const id of this.eventOf.keys()) this.eventOf.set(id, -1);
    this.deletedAt.clear();
  }

  private latestEventOf(id: number): number {
    return Math.max(this.eventOf.get(id) ?? -1, this.deletedAt.get(id) ?? -1);
  }

  private store(object: T, event: number): void {
    this.items.set(object.id, object);
    this.eventOf.set(object.id, event);
    this.deletedAt.delete(object.id);
  }
}
