import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { useClockStore } from './clock';

const START = Date.parse('2026-11-22T12:00:00Z');

describe('the clock of the server', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    setActivePinia(createPinia());
  });
  afterEach(() => vi.useRealTimers());

  it('is followed, whatever the device says', () => {
    const clock = useClockStore();
    clock.synchronise('2026-11-22T12:07:30Z');
    expect(clock.now).toBe(START + 450_000);
    vi.advanceTimersByTime(3_000);
    expect(clock.now).toBe(START + 453_000);
  });

  it('gives for sending the very moment, not the last second', () => {
    const clock = useClockStore();
    vi.setSystemTime(START + 900);
    expect(clock.now).toBe(START);
    expect(clock.current()).toBe(START + 900);
  });

  it('gives nothing before what the server has already written', () => {
    const clock = useClockStore();
    expect(clock.current('2026-11-22T12:00:01.500250Z', null, '2026-11-22T11:00:00Z')).toBe(START + 1_501);
  });
});
