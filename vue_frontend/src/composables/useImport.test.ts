import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { http, HttpError } from '@/api/http';
import { useImport } from './useImport';

const file = (name: string) => new File(['hospital_number\n1\n'], name, { type: 'text/csv' });
const answer = {
  patients: { added: 2, unchanged: 0, rejected: 0 },
  reports: { added: 0, unchanged: 0, rejected: 0 },
  rejects: [],
};
let post: ReturnType<typeof vi.spyOn>;
let task: ReturnType<typeof useImport>;

beforeEach(() => {
  post = vi.spyOn(http, 'post').mockResolvedValue(answer);
  task = useImport();
});
afterEach(() => vi.restoreAllMocks());

const sent = () => post.mock.calls.at(-1)?.[1] as FormData;

describe('importing files', () => {
  it('sends the parts that were chosen, and keeps what became of them', async () => {
    await task.send({ patients: file('a.csv'), reports: null });
    expect([...sent().keys()]).toEqual(['patients']);
    expect(task.outcome.value).toEqual(answer);
    await task.send({ patients: file('a.csv'), reports: file('b.csv') });
    expect([...sent().keys()]).toEqual(['patients', 'reports']);
  });

  it('needs the patients', async () => {
    await task.send({ patients: null, reports: file('b.csv') });
    expect(post).not.toHaveBeenCalled();
    expect(task.fileMessages.value.patients).toBe('The file of patients is needed. Choose one.');
  });

  it('says at the file what is wrong with it', async () => {
    post.mockRejectedValue(new HttpError(400, { reports: ['Line 3 is not UTF-8.'] }));
    await task.send({ patients: file('a.csv'), reports: file('b.csv') });
    expect(task.fileMessages.value).toEqual({ patients: undefined, reports: 'Line 3 is not UTF-8.' });
    expect(task.outcome.value).toBeNull();
  });

  it.each([
    [new HttpError(413, { detail: 'The body is larger than 10 MiB.' }), 'larger than 10 MiB'],
    [new HttpError(403, { detail: 'no' }), 'role'],
    [new HttpError(502, null), 'not known'],
    [new TypeError('lost'), 'not known'],
  ])('says what %s means', async (error, words) => {
    post.mockRejectedValue(error);
    await task.send({ patients: file('a.csv'), reports: null });
    expect(task.message.value).toContain(words);
    expect(task.isBusy.value).toBe(false);
  });

  it('is not sent twice at once', async () => {
    await Promise.all([
      task.send({ patients: file('a.csv'), reports: null }),
      task.send({ patients: file('a.csv'), reports: null }),
    ]);
    expect(post).toHaveBeenCalledTimes(1);
  });
});
