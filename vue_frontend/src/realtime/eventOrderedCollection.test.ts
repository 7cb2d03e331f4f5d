import { describe, expect, it } from 'vitest';

import { EventOrderedCollection } from './eventOrderedCollection';

interface Thing {
  id: number;
  text: string;
}
const thing = (text: string, id = 1): Thing => ({ id, text });
const all = () => true;

describe('a collection ordered by event numbers', () => {
  it('takes a newer change and leaves an older one', () => {
    const things = new EventOrderedCollection<Thing>();
    expect(things.put(thing('new'), 7)).toBe(true);
    expect(things.put(thing('old'), 6)).toBe(false);
    expect(things.get(1)?.text).toBe('new');
  });

  it('takes a duplicate once', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('first'), 5);
    expect(things.put(thing('again'), 5)).toBe(false);
  });

  it('does not bring back what was deleted when an older copy arrives late', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('there'), 3);
    things.remove(1, 9);
    things.put(thing('late'), 8);
    expect(things.get(1)).toBeUndefined();
  });

  it('ignores a deletion that is older than the object, as after an undelete', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('again there'), 12);
    expect(things.remove(1, 10)).toBe(false);
    expect(things.get(1)?.text).toBe('again there');
  });

  it('keeps a pushed change that overtook the list it is missing from', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('pushed', 2), 21);
    things.applySnapshot([thing('listed', 1)], 20, all);
    expect([...things.items.values()].map((one) => one.text).sort()).toEqual(['listed', 'pushed']);
  });

  it('does not let a list undo a change that is newer than it', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('newer'), 21);
    things.applySnapshot([thing('as of 20')], 20, all);
    expect(things.get(1)?.text).toBe('newer');
  });

  it('drops what is gone from a list, and what arrives late for it', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('gone'), 5);
    things.applySnapshot([], 20, all);
    expect(things.get(1)).toBeUndefined();
    expect(things.put(thing('late frame'), 15)).toBe(false);
  });

  it('drops only what the list covers', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('other ward', 2), 5);
    things.applySnapshot([thing('here')], 20, (held) => held.text === 'here');
    expect(things.get(2)?.text).toBe('other ward');
  });

  it('ends the same whatever the order of arrival', () => {
    const steps: ((things: EventOrderedCollection<Thing>) => void)[] = [
      (things) => void things.put(thing('a'), 4),
      (things) => void things.put(thing('b'), 6),
      (things) => void things.remove(1, 5),
      (things) => things.applySnapshot([thing('b')], 6, all),
    ];
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
      [2, 0, 3, 1],
    ];
    for (const order of orders) {
      const things = new EventOrderedCollection<Thing>();
      for (const index of order) steps[index]!(things);
      expect(things.get(1)?.text).toBe('b');
    }
  });

  it('lets numbers of another epoch start anew, with the old objects in sight until the list comes', () => {
    const things = new EventOrderedCollection<Thing>();
    things.put(thing('before'), 900);
    things.forgetEvents();
    expect(things.get(1)?.text).toBe('before');
    things.applySnapshot([thing('restored')], 3, all);
    expect(things.get(1)?.text).toBe('restored');
  });
});
