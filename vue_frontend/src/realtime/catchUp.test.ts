import { describe, expect, it, vi } from 'vitest';

import { CatchUp } from './catchUp';
import { NoAnswer, RequestRefused, type EventsFrame } from './protocol';

const hello = (event: number, epoch = 'one'): EventsFrame => ({
  type: 'hello',
  event,
  epoch,
  server_time: '2026-11-22T12:00:00Z',
  worker: true,
});
const refused = (status: number) =>
  new RequestRefused({ action: 'resume', request_id: 1, response_status: status, errors: [], data: null });

function make() {
  const steps = {
    resume: vi.fn<(since: number, epoch: string) => Promise<number>>(() => Promise.resolve(0)),
    loadAfresh: vi.fn(() => Promise.resolve()),
    forgetEvents: vi.fn(),
    becameLive: vi.fn(),
  };
  return { steps, catchUp: new CatchUp(steps) };
}

describe('catching up', () => {
  it('lists everything at the first greeting', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(10));
    expect(steps.loadAfresh).toHaveBeenCalledOnce();
    expect(steps.resume).not.toHaveBeenCalled();
    expect(catchUp.lastSeen).toBe(10);
  });

  it('after a lost line asks for what came since the last event, and lists nothing', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(10));
    catchUp.advance(14);
    catchUp.interrupt();
    steps.resume.mockResolvedValue(20);
    await catchUp.begin(hello(20));
    expect(steps.resume).toHaveBeenCalledWith(14, 'one');
    expect(steps.loadAfresh).toHaveBeenCalledOnce();
    expect(catchUp.lastSeen).toBe(20);
  });

  it('counts a heartbeat beyond the last frame: what others may see is no loss', async () => {
    const { catchUp } = make();
    await catchUp.begin(hello(10));
    catchUp.advance(35);
    expect(catchUp.lastSeen).toBe(35);
  });

  it('does not move on by a frame of the new line while the missed ones are still to come', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(10));
    catchUp.interrupt();
    steps.resume.mockImplementationOnce(() => {
      catchUp.advance(30);
      return Promise.reject(new NoAnswer('lost again', true));
    });
    await expect(catchUp.begin(hello(29))).rejects.toBeInstanceOf(NoAnswer);
    catchUp.interrupt();
    steps.resume.mockResolvedValue(31);
    await catchUp.begin(hello(31));
    expect(steps.resume).toHaveBeenLastCalledWith(10, 'one');
    expect(catchUp.lastSeen).toBe(31);
  });

  it('keeps what arrived beyond the end of the replay', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(10));
    catchUp.interrupt();
    steps.resume.mockImplementationOnce(() => {
      catchUp.advance(33);
      return Promise.resolve(30);
    });
    await catchUp.begin(hello(30));
    expect(catchUp.lastSeen).toBe(33);
  });

  it('lists afresh where the log no longer holds what was missed', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(10));
    catchUp.interrupt();
    steps.resume.mockRejectedValueOnce(refused(410));
    await catchUp.begin(hello(500));
    expect(steps.loadAfresh).toHaveBeenCalledTimes(2);
    expect(steps.forgetEvents).not.toHaveBeenCalled();
    expect(catchUp.lastSeen).toBe(500);
  });

  it('forgets all numbers and lists afresh when the database is another one', async () => {
    const { steps, catchUp } = make();
    await catchUp.begin(hello(900));
    catchUp.interrupt();
    await catchUp.begin(hello(3, 'two'));
    expect(steps.resume).not.toHaveBeenCalled();
    expect(steps.forgetEvents).toHaveBeenCalledOnce();
    expect(catchUp.lastSeen).toBe(3);
  });

  it('is not live while a list is missing, and lists again on the next line', async () => {
    const { steps, catchUp } = make();
    steps.loadAfresh.mockRejectedValueOnce(new NoAnswer('lost', true));
    await expect(catchUp.begin(hello(10))).rejects.toBeInstanceOf(NoAnswer);
    expect(steps.becameLive).not.toHaveBeenCalled();
    await catchUp.begin(hello(12));
    expect(steps.resume).not.toHaveBeenCalled();
    expect(steps.becameLive).toHaveBeenCalledOnce();
  });

  it('does not call itself live for a line that is gone already', async () => {
    const { steps, catchUp } = make();
    let finish = () => undefined as void;
    steps.loadAfresh.mockImplementationOnce(() => new Promise<void>((resolve) => (finish = resolve)));
    const begun = catchUp.begin(hello(10));
    catchUp.interrupt();
    finish();
    await begun;
    expect(steps.becameLive).not.toHaveBeenCalled();
  });
});
