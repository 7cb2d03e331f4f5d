import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope, nextTick, ref, type EffectScope } from 'vue';

import type { PreviousReading } from '@/domain/observationDraft';
import { NoAnswer, RequestRefused, type Reply, type Request } from '@/realtime/protocol';
import { makeNews2, makePatient, makeReport } from '@/testing';
import { useObservationForm, type ObservationForm } from './useObservationForm';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const request = vi.fn<(request: Request) => Promise<Reply>>();
const isConnected = ref(true);
let form: ObservationForm;
let scope: EffectScope;

const reply = (data: unknown): Reply => ({
  action: '',
  request_id: 1,
  response_status: 201,
  errors: [],
  data,
});
const bodies = (action: string) =>
  request.mock.calls.map(([one]) => one).filter((one) => one.action === action);

beforeEach(() => {
  request.mockReset();
  isConnected.value = true;
  scope = effectScope();
  form = scope.run(() =>
    useObservationForm({
      patient: () => makePatient({ id: 7 }),
      ranges: () => ({ pulse: { unit: '/min', hard: [0, 300], soft: [30, 200], isWhole: true } }),
      previous: () => new Map<string, PreviousReading>(),
      now: () => NOW,
      timeZone: 'UTC',
      isConnected: () => isConnected.value,
      request: request as <T>(one: Request) => Promise<Reply<T>>,
    }),
  )!;
});
// A form that lives on asks for its live score in the middle of a later test.
afterEach(() => {
  vi.useRealTimers();
  scope.stop();
});

describe('saving a set', () => {
  it('sends the values with the server time and a key of its own', async () => {
    request.mockResolvedValue(reply(makeReport({ id: 99 })));
    form.draft.texts.pulse = '88';
    await form.save();
    expect(form.state.value).toBe('saved');
    expect(form.saved.value?.id).toBe(99);
    const [sent] = bodies('create');
    expect(sent?.data).toEqual({ patient: 7, pulse: 88, datetime: '2026-11-22T12:00:00.000Z' });
    expect(sent?.idempotency_key).toMatch(/^[0-9a-f-]{32,36}$/);
  });

  it('of a day before today asks for the reason and sends it with the set', async () => {
    request.mockResolvedValue(reply(makeReport({ id: 99 })));
    form.draft.texts.pulse = '88';
    Object.assign(form.time, { isNow: false, day: 'yesterday', text: '23:50' });
    expect(form.obstacle.value).toBe('Say why a set of an earlier day is entered now.');
    await form.save();
    expect(bodies('create')).toEqual([]);
    form.time.reason = ' On paper during the outage ';
    expect(form.obstacle.value).toBeNull();
    await form.save();
    expect(bodies('create')[0]?.data).toEqual({
      patient: 7,
      pulse: 88,
      datetime: '2026-11-21T23:50:00.000Z',
      history_change_reason: 'On paper during the outage',
    });
  });

  it('of today needs none, and a reason that was typed for another day is not sent', async () => {
    request.mockResolvedValue(reply(makeReport({ id: 99 })));
    form.draft.texts.pulse = '88';
    Object.assign(form.time, { isNow: false, day: 'today', text: '00:10', reason: 'On paper' });
    await form.save();
    expect(bodies('create')[0]?.data).not.toHaveProperty('history_change_reason');
  });

  it('after a lost answer sends the same body with the same key, whatever the clock says', async () => {
    request.mockRejectedValueOnce(new NoAnswer('lost', true));
    form.draft.texts.pulse = '88';
    await form.save();
    expect(form.state.value).toBe('uncertain');
    request.mockRejectedValueOnce(new NoAnswer('not connected', false));
    await form.save();
    expect(form.state.value).toBe('uncertain');
    request.mockResolvedValueOnce(reply(makeReport()));
    await form.save();
    const [first, ...others] = bodies('create');
    for (const other of others) expect(other).toEqual(first);
    expect(form.state.value).toBe('saved');
  });

  it('comes back from a reload with what was on its way, and sends that same set again', async () => {
    request.mockRejectedValueOnce(new NoAnswer('lost', true));
    form.draft.texts.pulse = '88';
    await form.save();
    const kept = JSON.parse(JSON.stringify({ values: form.draft, sent: form.sent.value }));
    form.clear();
    expect(form.state.value).toBe('editing');
    form.restore(kept.values, kept.sent);
    await nextTick();
    expect(form.state.value).toBe('uncertain');
    expect(form.message.value).toContain('cannot be saved twice');
    request.mockResolvedValueOnce(reply(makeReport()));
    await form.save();
    const [first, second] = bodies('create');
    expect(second).toEqual(first);
  });

  it('stays editable where nothing was sent', async () => {
    request.mockRejectedValueOnce(new NoAnswer('not connected', false));
    form.draft.texts.pulse = '88';
    await form.save();
    expect(form.state.value).toBe('editing');
    expect(form.message.value).toContain('Not connected');
  });

  it('after a refusal shows why, and takes a new key for the corrected set', async () => {
    request.mockRejectedValueOnce(
      new RequestRefused({
        action: 'create',
        request_id: 1,
        response_status: 400,
        errors: [{ pulse: ['Pulse is odd.'] }],
        data: null,
      }),
    );
    form.draft.texts.pulse = '88';
    await form.save();
    expect(form.serverMessages.value).toEqual({ pulse: 'Pulse is odd.' });
    request.mockResolvedValueOnce(reply(makeReport()));
    form.draft.texts.pulse = '89';
    await form.save();
    const [first, second] = bodies('create');
    expect(second?.idempotency_key).not.toBe(first?.idempotency_key);
  });

  it('does not send twice for a double tap', async () => {
    request.mockResolvedValue(reply(makeReport()));
    form.draft.texts.pulse = '88';
    await Promise.all([form.save(), form.save()]);
    expect(bodies('create')).toHaveLength(1);
  });

  it('does not send an unusual value before it was looked at again', async () => {
    request.mockResolvedValue(reply(makeReport()));
    form.draft.texts.pulse = '205';
    await form.save();
    expect(bodies('create')).toHaveLength(0);
    form.confirm('pulse');
    await form.save();
    expect(bodies('create')).toHaveLength(1);
  });

  it('asks the server about a weight whose last one is not on this page, before it is sent', async () => {
    const asked = {
      news2: makeNews2(),
      due_at: null,
      response: null,
      unusual: { weight: ['70 kg the last time'] },
    };
    request.mockImplementation(({ action }) =>
      Promise.resolve(reply(action === 'preview' ? asked : makeReport())),
    );
    form.draft.texts.weight = '154';
    await form.save();
    expect(bodies('preview')).toHaveLength(1);
    expect(bodies('create')).toHaveLength(0);
    expect(form.warnings.value.weight).toEqual({
      kind: 'server',
      message: '70 kg the last time',
      isConfirmed: false,
    });
    expect(form.preview.value, 'a weight alone has no score').toBeNull();
    form.confirm('weight');
    await form.save();
    expect(bodies('create')).toHaveLength(1);
    expect(bodies('preview')).toHaveLength(1);
  });

  it('saves a weight though the server answers no question about it', async () => {
    request.mockImplementation(({ action }) =>
      action === 'preview'
        ? Promise.reject(new NoAnswer('lost', true))
        : Promise.resolve(reply(makeReport())),
    );
    form.draft.texts.weight = '154';
    await form.save();
    expect(form.state.value).toBe('saved');
  });

  it('never sends an impossible value', async () => {
    form.draft.texts.pulse = '301';
    await form.save();
    expect(request).not.toHaveBeenCalled();
  });
});

describe('the live score', () => {
  it('shows the answer to the newest question only', async () => {
    vi.useFakeTimers();
    const answers: ((answer: Reply) => void)[] = [];
    request.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    /** Type, and let the pause that the form waits for pass, however long it is. */
    const type = async (text: string) => {
      form.draft.texts.pulse = text;
      await nextTick();
      await vi.runAllTimersAsync();
    };
    const preview = (score: number) =>
      reply({ news2: makeNews2({ score }), due_at: null, response: null, unusual: {} });

    await type('8');
    await type('88');
    expect(bodies('preview').map((one) => one.data?.pulse)).toEqual([8, 88]);
    answers[1]!(preview(1));
    answers[0]!(preview(3));
    await vi.runAllTimersAsync();
    expect(form.preview.value?.news2.score).toBe(1);
  });

  it('is asked for again once the line is back', async () => {
    vi.useFakeTimers();
    isConnected.value = false;
    request.mockRejectedValue(new NoAnswer('not connected', false));
    form.draft.texts.pulse = '135';
    await nextTick();
    await vi.runAllTimersAsync();
    expect(form.preview.value).toBeNull();
    request.mockResolvedValue(
      reply({ news2: makeNews2({ score: 3 }), due_at: null, response: null, unusual: {} }),
    );
    isConnected.value = true;
    await vi.runAllTimersAsync();
    expect(form.preview.value?.news2.score).toBe(3);
  });
});
