import { describe, expect, it } from 'vitest';

import { hearKey, PAUSE, type Burst, type PressedKey } from './scanner';

/** What becomes of these keys, the same number of milliseconds apart. */
function hear(keys: readonly string[], gap: number, change: Partial<PressedKey> = {}): (Burst | null)[] {
  const heard: (Burst | null)[] = [];
  for (const [index, key] of keys.entries()) {
    heard.push(
      hearKey(heard.at(-1) ?? null, {
        key,
        at: 1000 + index * gap,
        isRepeat: false,
        isCommand: false,
        ...change,
      }),
    );
  }
  return heard;
}
const isScan = (keys: readonly string[], gap: number, change: Partial<PressedKey> = {}) =>
  hear(keys, gap, change).at(-1)?.isScan ?? false;

describe('a scan', () => {
  it('is five keys within 20 ms of each other, the Enter among them', () => {
    expect(isScan([...'0013', 'Enter'], 20)).toBe(true);
    expect(isScan([...'00134'], 20)).toBe(true);
    expect(isScan([...'013', 'Enter'], 5)).toBe(false);
    expect(isScan([...'0013', 'Enter'], 21)).toBe(false);
    expect(isScan([...'00134'], 21)).toBe(false);
  });

  it('is known from its fifth key on, and has the whole number in the end', () => {
    const heard = hear([...'H0013-7', 'Enter'], 8);
    expect(heard.map((burst) => burst?.isScan)).toEqual([
      ...[false, false, false, false],
      ...[true, true, true, true],
    ]);
    expect(heard.at(-1)).toMatchObject({ text: 'H0013-7', isEnded: true });
  });

  it('may hold capital letters, whose Shift is no key of its own', () => {
    const keys = ['H', 'Shift', 'X', '0', 'Shift', 'Z', 'Enter'];
    expect(hear(keys, 10).at(-1)).toMatchObject({ text: 'HX0Z', keys: 5, isScan: true });
    expect(isScan(['Shift', 'H', '1', '2', 'Shift', '3'], 5)).toBe(false);
  });

  it('may end with Tab, or with nothing', () => {
    expect(hear([...'0013', 'Tab'], 5).at(-1)).toMatchObject({ text: '0013', isScan: true, isEnded: true });
    expect(hear([...'00134'], 5).at(-1)).toMatchObject({ text: '00134', isScan: true, isEnded: false });
  });

  it('goes on over a hitch once it is known, up to the pause that ends it', () => {
    const known = hear([...'00134'], 5).at(-1)!;
    const press = (at: number) => hearKey(known, { key: '7', at, isRepeat: false, isCommand: false });
    expect(press(known.at + PAUSE)).toMatchObject({ text: '001347', isScan: true });
    expect(press(known.at + PAUSE + 1)).toMatchObject({ text: '7', isScan: false });
  });

  it('is over with its Enter: the next key is a new one', () => {
    const heard = hear([...'0013', 'Enter', '7'], 5);
    expect(heard.at(-1)).toMatchObject({ text: '7', keys: 1, isScan: false });
  });
});

describe('no scan', () => {
  it('is fast typing by a hand, were one gap in five wider', () => {
    let burst: Burst | null = null;
    let at = 0;
    for (const [index, key] of [...'1897128808436'].entries()) {
      at += index % 4 === 0 ? 25 : 15;
      burst = hearKey(burst, { key, at, isRepeat: false, isCommand: false });
      expect(burst?.isScan).toBe(false);
    }
  });

  it('is a key that is held down, or a command', () => {
    expect(isScan([...'88888888'], 5, { isRepeat: true })).toBe(false);
    expect(isScan([...'vvvvvvvv'], 5, { isCommand: true })).toBe(false);
  });

  it('is what moves about or takes away', () => {
    expect(isScan(['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter'], 5)).toBe(false);
    expect(isScan([...'00', 'Backspace', ...'13', 'Enter'], 5)).toBe(false);
    expect(hear(['Enter', 'Tab'], 5)).toEqual([null, null]);
  });
});
