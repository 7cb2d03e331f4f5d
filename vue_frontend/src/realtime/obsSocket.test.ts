import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeSocket } from '@/testing';
import { ANSWER_WITHIN_MS, ASK_AFTER_MS, ObsSocket, PONG_WITHIN_MS } from './obsSocket';
import { NoAnswer, RequestRefused } from './protocol';

function open() {
  const fake = new FakeSocket();
  const listeners = {
    onState: vi.fn(),
    onHello: vi.fn(),
    onHeartbeat: vi.fn(),
    onPush: vi.fn(),
    onSignedOut: vi.fn(),
  };
  let now = 0;
  const socket = new ObsSocket(
    () => fake,
    listeners,
    () => now,
  );
  socket.open();
  return {
    fake,
    listeners,
    socket,
    pass(milliseconds: number) {
      now += milliseconds;
      vi.advanceTimersByTime(milliseconds);
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the socket', () => {
  it('is open only once the server has greeted', () => {
    const { fake, listeners, socket } = open();
    fake.onopen?.({} as never);
    expect(socket.isOpen).toBe(false);
    fake.hello(4);
    expect(socket.isOpen).toBe(true);
    expect(listeners.onState).toHaveBeenLastCalledWith('open');
  });

  it('gives each answer to the request it belongs to, in whatever order they come', async () => {
    const { fake, socket } = open();
    fake.hello(4);
    const first = socket.request('patients', { action: 'list' });
    const second = socket.request('reports', { action: 'list' });
    fake.answer(fake.take('list', 'reports'), 200, 'reports');
    fake.answer(fake.take('list', 'patients'), 200, 'patients');
    expect((await first).data).toBe('patients');
    expect((await second).data).toBe('reports');
  });

  it('tells a refusal with its status and errors', async () => {
    const { fake, socket } = open();
    fake.hello(4);
    const asked = socket.request('reports', { action: 'create', data: {} });
    fake.answer(fake.take('create'), 400, null, undefined, [{ pulse: ['too high'] }]);
    await expect(asked).rejects.toSatisfy(
      (error: unknown) => error instanceof RequestRefused && error.status === 400,
    );
  });

  it('says of a request that was under way when the line dropped that it may have been carried out', async () => {
    const { fake, socket } = open();
    fake.hello(4);
    const asked = socket.request('reports', { action: 'create', data: {} });
    fake.drop();
    await expect(asked).rejects.toSatisfy((error: unknown) => error instanceof NoAnswer && error.wasSent);
  });

  it.each([500, 503])('says the same of a request that the server answers with %i', async (status) => {
    const { fake, socket } = open();
    fake.hello(4);
    const asked = socket.request('reports', { action: 'create', data: {} });
    fake.answer(fake.take('create'), status, null, undefined, [{ detail: 'The database does not answer.' }]);
    await expect(asked).rejects.toSatisfy((error: unknown) => error instanceof NoAnswer && error.wasSent);
  });

  it('refuses to send while it is not connected, so that nothing is sent later unseen', async () => {
    const { fake, socket } = open();
    const asked = socket.request('reports', { action: 'create', data: {} });
    await expect(asked).rejects.toSatisfy((error: unknown) => error instanceof NoAnswer && !error.wasSent);
    expect(fake.sent).toEqual([]);
  });

  it('gives up on an answer that does not come, and ignores it when it comes after all', async () => {
    const { fake, socket, pass } = open();
    fake.hello(4);
    const asked = socket.request('patients', { action: 'list' });
    const expected = expect(asked).rejects.toBeInstanceOf(NoAnswer);
    pass(ANSWER_WITHIN_MS);
    await expected;
    fake.answer(fake.take('list'), 200, []);
  });

  it('asks a silent line whether it lives, and gives it up where nothing follows', () => {
    const { fake, listeners, pass } = open();
    fake.hello(4);
    pass(ASK_AFTER_MS - 1);
    expect(fake.sent).toEqual([]);
    pass(250);
    expect(fake.sent.map((one) => [one.stream, one.payload.action])).toEqual([['events', 'ping']]);
    pass(PONG_WITHIN_MS - 250);
    expect(fake.reconnects).toBe(0);
    pass(500);
    expect(fake.reconnects).toBe(1);
    expect(listeners.onState.mock.calls.map(([state]) => state)).toEqual(['open', 'dead', 'connecting']);
  });

  it.each(['the answer', 'any other frame'])('leaves a line alone that says something: %s', (what) => {
    const { fake, pass } = open();
    fake.hello(4);
    pass(ASK_AFTER_MS);
    if (what === 'the answer') fake.answer(fake.take('ping'), 200, {});
    else fake.heartbeat(4);
    pass(ASK_AFTER_MS - 500);
    expect(fake.reconnects).toBe(0);
    pass(750);
    pass(PONG_WITHIN_MS + 250);
    expect(fake.reconnects).toBe(1);
  });

  it('gives up a line on which nothing can be sent, and says that this was not', async () => {
    const { fake, listeners, socket } = open();
    fake.hello(4);
    fake.readyState = 3;
    const asked = socket.request('reports', { action: 'create', data: {} });
    await expect(asked).rejects.toSatisfy((error: unknown) => error instanceof NoAnswer && !error.wasSent);
    expect(fake.sent).toEqual([]);
    expect(listeners.onState).toHaveBeenCalledWith('dead');
    expect(fake.reconnects).toBe(1);
  });

  it('stays closed and says so when the sign-in has ended', () => {
    const { fake, listeners } = open();
    fake.hello(4);
    fake.drop(4401);
    expect(listeners.onSignedOut).toHaveBeenCalledOnce();
    expect(fake.closedWith).toBe(1000);
  });
});

describe('pages of lists', () => {
  const asked = (fake: FakeSocket) => fake.sent.map((one) => one.payload.action);

  it('are asked for one at a time, in the order of asking', async () => {
    const { fake, socket } = open();
    fake.hello(4);
    const pages = ['patients', 'reports', 'history'].map((stream) =>
      socket.requestPage(stream as 'patients', { action: 'list' }),
    );
    expect(fake.sent.map((one) => one.stream)).toEqual(['patients']);
    expect(socket.isBusy).toBe(true);
    fake.answer(fake.take('list'), 200, 1);
    expect(fake.sent.map((one) => one.stream)).toEqual(['reports']);
    fake.answer(fake.take('list'), 400, null);
    fake.answer(fake.take('list', 'history'), 200, 3);
    expect(socket.isBusy).toBe(false);
    expect((await pages[0]!).data).toBe(1);
    await expect(pages[1]).rejects.toBeInstanceOf(RequestRefused);
    expect((await pages[2]!).data).toBe(3);
  });

  it('are not asked for while a write waits for its answer', async () => {
    const { fake, socket } = open();
    fake.hello(4);
    void socket.requestPage('patients', { action: 'list' });
    void socket.request('reports', { action: 'create' });
    const refused = expect(socket.request('patients', { action: 'patch' })).rejects.toThrow();
    void socket.requestPage('patients', { action: 'list' });
    expect(asked(fake)).toEqual(['list', 'create', 'patch']);
    fake.answer(fake.take('list'), 200, 1);
    expect(asked(fake)).toEqual(['create', 'patch']);
    fake.answer(fake.take('create'), 201, {});
    expect(asked(fake)).toEqual(['patch']);
    fake.answer(fake.take('patch'), 409, {});
    expect(asked(fake)).toEqual(['list']);
    await refused;
  });

  it('wait no longer for a write that gets no answer, and not for a small question', async () => {
    const { fake, socket, pass } = open();
    fake.hello(4);
    const write = expect(socket.request('reports', { action: 'create' })).rejects.toBeInstanceOf(NoAnswer);
    void socket.requestPage('patients', { action: 'list' }).catch(() => undefined);
    pass(ANSWER_WITHIN_MS);
    await write;
    expect(asked(fake).at(-1)).toBe('list');
    fake.answer(fake.take('list'), 200, 1);
    for (const action of ['preview', 'retrieve', 'resume', 'ping']) {
      socket.request('reports', { action }).catch(() => undefined);
    }
    fake.sent.length = 0;
    void socket.requestPage('patients', { action: 'list' }).catch(() => undefined);
    expect(asked(fake)).toEqual(['list']);
  });

  it('wait for a write that goes another way', () => {
    const { fake, socket } = open();
    fake.hello(4);
    const letGo = [socket.holdPages(), socket.holdPages()];
    void socket.requestPage('patients', { action: 'list' });
    letGo[0]!();
    letGo[0]!();
    expect(asked(fake)).toEqual([]);
    letGo[1]!();
    expect(asked(fake)).toEqual(['list']);
  });

  it('that were not asked for go with the line: the next greeting lists anew', async () => {
    const { fake, socket } = open();
    await expect(socket.requestPage('patients', { action: 'list' })).rejects.toBeInstanceOf(NoAnswer);
    fake.hello(4);
    const both = [1, 2].map(() => socket.requestPage('patients', { action: 'list' }));
    fake.drop();
    for (const page of both) await expect(page).rejects.toBeInstanceOf(NoAnswer);
    fake.sent.length = 0;
    fake.hello(5);
    expect(asked(fake)).toEqual([]);
    expect(socket.isBusy).toBe(false);
  });
});
