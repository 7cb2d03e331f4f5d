import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fetchAllParts, missingParts, part, tryPartsAgain } from './parts';

const notFetched = () => Object.assign(new Error('Loading chunk failed'), { name: 'ChunkLoadError' });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a part of the page', () => {
  it.each([notFetched(), Object.assign(new Error(), { code: 'CSS_CHUNK_LOAD_FAILED' })])(
    'that cannot be fetched is told of, and tried until it comes: %o',
    async (error) => {
      const load = vi
        .fn()
        .mockRejectedValueOnce(error)
        .mockRejectedValueOnce(error)
        .mockResolvedValue('view');
      const asked = part(load)();
      await vi.advanceTimersByTimeAsync(0);
      expect(missingParts.value).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(missingParts.value).toBe(1);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await asked).toBe('view');
      expect(missingParts.value).toBe(0);
      expect(load).toHaveBeenCalledTimes(3);
    },
  );

  it('is tried at once where somebody says so', async () => {
    const load = vi.fn().mockRejectedValueOnce(notFetched()).mockResolvedValue('view');
    const asked = part(load)();
    await vi.advanceTimersByTimeAsync(0);
    tryPartsAgain();
    expect(await asked).toBe('view');
  });

  it('that is asked for twice while it is missing counts once', async () => {
    const load = vi.fn().mockRejectedValueOnce(notFetched()).mockResolvedValue('view');
    const view = part(load);
    const both = Promise.all([view(), view()]);
    await vi.advanceTimersByTimeAsync(0);
    expect(missingParts.value).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await both).toEqual(['view', 'view']);
  });

  it('with a fault of its own is not tried for ever', async () => {
    const load = vi.fn().mockRejectedValue(new RangeError('no language'));
    await expect(part(load)()).rejects.toThrow('no language');
    expect(missingParts.value).toBe(0);
  });

  it('is fetched while the page is idle, whatever becomes of another', async () => {
    const [gone, there] = [vi.fn().mockRejectedValue(notFetched()), vi.fn().mockResolvedValue('view')];
    part(gone);
    part(there);
    const idle = vi.fn().mockResolvedValue(undefined);
    await fetchAllParts(idle);
    expect(gone).toHaveBeenCalledOnce();
    expect(there).toHaveBeenCalledOnce();
    expect(missingParts.value).toBe(0);
    expect(idle.mock.calls.length).toBeGreaterThanOrEqual(2);
  });
});
