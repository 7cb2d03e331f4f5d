/** What is typed stays in its field, whole: over every possible value of every field, whatever field comes next. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { NUMBER_FIELDS, type NumberField, type Ranges } from '@/api/types';
import { MORE_SECTIONS } from './fields';
import { goesBack, handsOn, settled, toNumber, toPlain, typeInto, type EntrySpec } from './numberEntry';
import { specOf } from './observationDraft';

/** The server's own table: a range that changes there is typed through here. */
const ROW =
  /Range\("(\w+)", "[^"]*", "([^"]*)", \(([\d.]+), ([\d.]+)\)(?:, \([\d.]+, [\d.]+\))?(, is_whole=True)?\)/g;
const source = readFileSync(resolve(process.cwd(), '../patients/rules/ranges.py'), 'utf8');
const ranges: Ranges = {};
for (const [, field, unit, low, high, whole] of source.matchAll(ROW)) {
  ranges[field as NumberField] = {
    unit: unit!,
    hard: [Number(low), Number(high)],
    soft: null,
    isWhole: whole !== undefined,
  };
}

/** The form's order; null is what takes no digits. Rows can be left out and sections be shut: any later one is next. */
const ORDER: readonly (NumberField | null)[] = [
  ...([
    'respiration',
    'o2sat',
    null,
    'oxygen_flow',
    'bp_sys',
    'bp_dia',
    'pulse',
    null,
    'temperature',
  ] as const),
  ...MORE_SECTIONS.flatMap((section) => section.fields),
  null,
];

const specFor = (field: NumberField) => specOf(field, ranges);
const number = (tenths: number) => String(tenths / 10);

/** Every possible value, as it is written. */
function valuesOf(spec: EntrySpec): string[] {
  const [low, high] = spec.range!.hard;
  const step = spec.isWhole ? 10 : 1;
  const values: string[] = [];
  for (let tenths = Math.round(low * 10); tenths <= high * 10; tenths += step) values.push(number(tenths));
  return values;
}

/** Two fields, typed through as `useFieldOrder` does. */
class Typist {
  texts = ['', ''];
  at = 0;
  private wasHandedOn = false;

  constructor(
    private readonly spec: EntrySpec,
    private readonly next: EntrySpec | null,
  ) {}

  copy(): Typist {
    return Object.assign(new Typist(this.spec, this.next), this, { texts: [...this.texts] });
  }

  press(typed: string): void {
    const key = toPlain(typed);
    if (key === 'Enter') {
      if (!this.wasHandedOn) this.at += 1;
      this.wasHandedOn = false;
      return;
    }
    if (this.wasHandedOn && goesBack(key, this.texts[0]!, this.spec, this.next)) this.at = 0;
    this.wasHandedOn = false;
    if (this.at > 1 || (this.at === 1 && this.next === null)) return; // lost
    const spec = this.at === 0 ? this.spec : this.next!;
    this.texts[this.at] = typeInto(this.texts[this.at]!, this.texts[this.at]! + key, spec);
    if (this.at === 0 && handsOn(this.texts[0]!, spec, this.next)) {
      this.at = 1;
      this.wasHandedOn = true;
    }
  }

  /** Type a number; Enter where the cursor has not gone on, or after each. */
  enter(value: string, isEnterAlways = false): void {
    const from = this.at;
    for (const key of value) this.press(key);
    if (isEnterAlways || this.at === from) this.press('Enter');
  }
}

/** ms; far more than it takes, for a machine that is busy. */
const PATIENCE = 120_000;

describe('the table', () => {
  it('has every field of the form', () => {
    expect(Object.keys(ranges).sort()).toEqual([...NUMBER_FIELDS].sort());
    expect(ORDER.filter((field) => field !== null).sort()).toEqual([...NUMBER_FIELDS].sort());
  });
});

describe('two numbers in a row', () => {
  const PAIRS: [NumberField, NumberField][] = [
    ['respiration', 'o2sat'],
    ['bp_sys', 'bp_dia'],
    ['bp_dia', 'pulse'],
  ];

  it.each(PAIRS)(
    '%s and %s are stored as typed, each with each',
    (first, second) => {
      const [spec, next] = [specFor(first), specFor(second)];
      const wrong: string[] = [];
      for (const isEnterAlways of [false, true]) {
        for (const value of valuesOf(spec)) {
          for (const nextValue of valuesOf(next)) {
            const typist = new Typist(spec, next);
            // A 0 alone begins no number: whoever means one says that the number before is whole.
            typist.enter(value, isEnterAlways || nextValue === '0');
            for (const key of nextValue) typist.press(key);
            const stored = typist.texts.map((text) => String(toNumber(text)));
            if (stored.join() !== [value, nextValue].join()) wrong.push(`${value} ${nextValue}: ${stored}`);
          }
        }
      }
      expect(wrong.slice(0, 9)).toEqual([]);
    },
    PATIENCE,
  );
});

/** Of fields that are typed alike (the fluids), one. */
const UNLIKE = NUMBER_FIELDS.filter((field, index) => {
  const sign = (one: NumberField) => JSON.stringify([ranges[one], specFor(one).decimals]);
  return NUMBER_FIELDS.findIndex((one) => sign(one) === sign(field)) === index;
});

describe.each(UNLIKE)('each possible value of %s', (field) => {
  const spec = specFor(field);
  // One of several alike may stand before any of them, and so before itself.
  const followers = new Set(ORDER.slice(ORDER.indexOf(field)));
  const values = valuesOf(spec);

  /** With what the next number can begin; a whole 0 after Enter only. */
  const firstKeys = (next: EntrySpec) => [
    ...new Set(valuesOf(next).map((value) => (value === '0' && next.isWhole ? 'Enter' : value.charAt(0)))),
  ];

  it(
    'stays in its field, whatever comes next, and the next number in its own',
    () => {
      const wrong: string[] = [];
      const seen = new Set<string>();
      for (const follower of followers) {
        const next = follower === null ? null : specFor(follower);
        const keys = next === null ? ['Enter'] : firstKeys(next);
        // Fields that begin with the same digits differ in nothing that comes after.
        const sign = `${next === null} ${keys.sort()}`;
        if (seen.has(sign)) continue;
        seen.add(sign);
        for (const value of values) {
          const typed = new Typist(spec, next);
          typed.enter(value);
          for (const key of keys) {
            const typist = typed.copy();
            if (key !== 'Enter') typist.press(key);
            const rest = key === 'Enter' ? '' : key;
            if (String(toNumber(typist.texts[0]!)) !== value || typist.texts[1] !== rest || typist.at !== 1) {
              wrong.push(`${value} ${key} before ${follower}: ${typist.texts}`);
            }
          }
        }
      }
      expect(wrong.slice(0, 9)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'may have its zeros in front, and its decimal with a comma',
    () => {
      const typed = (value: string) => {
        const typist = new Typist(spec, null);
        typist.enter(value);
        return settled(typist.texts[0]!, spec);
      };
      const wrong = values.filter(
        (value) => typed(`0${value}`) !== value || typed(value.replace('.', ',')) !== value,
      );
      expect(wrong.slice(0, 9)).toEqual([]);
    },
    PATIENCE,
  );
});

describe('a temperature', () => {
  const spec = specFor('temperature');

  it('is the same without its point', () => {
    for (const value of valuesOf(spec)) {
      const digits = value.includes('.') ? value.replace('.', '') : `${value}0`;
      for (const next of [null, specFor('pain_score')]) {
        const typist = new Typist(spec, next);
        typist.enter(digits);
        expect(toNumber(typist.texts[0]!), digits).toBe(Number(value));
      }
    }
  });

  it('of two decimals comes back for the second and is rounded half up', () => {
    for (let hundredths = 1300; hundredths <= 4500; hundredths += 1) {
      const text = (hundredths / 100).toFixed(2);
      for (const next of [null, specFor('pain_score')]) {
        const typist = new Typist(spec, next);
        typist.enter(text);
        expect(toNumber(typist.texts[0]!), text).toBe(Math.floor((hundredths + 5) / 10) / 10);
      }
    }
  });
});

describe('what was reported', () => {
  it('6097 is 60 and 97, 12 and 0 is 120, and 6 waits for Enter', () => {
    const typed = (keys: readonly string[]) => {
      const typist = new Typist(specFor('respiration'), specFor('o2sat'));
      for (const key of keys) typist.press(key);
      return typist.texts;
    };
    expect(typed([...'6097'])).toEqual(['60', '97']);
    expect(typed([...'12097'])).toEqual(['120', '97']);
    expect(typed(['6', 'Enter', ...'97'])).toEqual(['6', '97']);
    expect(typed(['1', '2', 'Enter', '0'])).toEqual(['12', '0']);
  });
});
