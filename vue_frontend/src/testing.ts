/** Builders and fakes for the unit tests; not part of the application. */

import type { News2, Notification, Patient, Report, SignedInUser } from '@/api/types';
import type { SocketLike } from '@/realtime/obsSocket';

export const EPOCH = 'epoch-1';

export function makeNews2(change: Partial<News2> = {}): News2 {
  return {
    score: 2,
    risk: 'low',
    parts: {
      respiration: 0,
      o2sat: 0,
      supplemental_oxygen: 0,
      bp_sys: 0,
      pulse: 1,
      consciousness: 0,
      temperature: 1,
    },
    complete: true,
    missing: [],
    lower_bound: null,
    not_scored_because: null,
    spo2_scale: 1,
    ...change,
  };
}

export function makeUser(change: Partial<SignedInUser> = {}): SignedInUser {
  return {
    pk: 1,
    username: 'nurse',
    first_name: '',
    last_name: '',
    role: 'nurse',
    permissions: [],
    ...change,
  };
}

export function makePatient(change: Partial<Patient> = {}): Patient {
  return {
    id: 1,
    hospital_number: 'T0001',
    first_name: 'Ada',
    last_name: 'Test',
    date_of_birth: '1940-02-29',
    date_of_birth_precision: 'day',
    sex: 'female',
    pregnant: false,
    ward: '7A',
    bed: '1',
    allergies: '',
    allergy_status: 'not_recorded',
    diagnosis: '',
    admission_date: '2026-11-20T08:00:00Z',
    dismissal_date: null,
    pathway: 'news2',
    spo2_scale: 1,
    fever_onset_at: null,
    hematocrit_baseline: null,
    monitoring_interval: null,
    last_report: null,
    last_scored: null,
    current_risk: null,
    next_due_at: null,
    open_notifications: 0,
    plan: null,
    paused_until: null,
    paused_by_nurse: false,
    version: 1,
    ...change,
  };
}

export function makeReport(change: Partial<Report> = {}): Report {
  return {
    id: 1,
    patient: 1,
    datetime: '2026-11-22T12:00:00Z',
    respiration: null,
    o2sat: null,
    supplemental_oxygen: null,
    bp_sys: null,
    bp_dia: null,
    pulse: null,
    consciousness: null,
    temperature: null,
    oxygen_flow: null,
    oxygen_device: '',
    not_measured: {},
    corrected_fields: [],
    news2: makeNews2(),
    ...change,
  } as Report;
}

export function makeNotification(change: Partial<Notification> = {}): Notification {
  return {
    id: 1,
    kind: 'deterioration',
    severity: 'high',
    patient: 1,
    report: 1,
    history: 1,
    reasons: [],
    status: 'open',
    created_at: '2026-11-22T12:00:00Z',
    due_at: null,
    acknowledged_by: null,
    acknowledged_at: null,
    escalated_at: null,
    escalated_to: '',
    escalations: [],
    resolved_at: null,
    resolved_because: '',
    suppressed_count: 0,
    ...change,
  };
}

interface SentRequest {
  stream: string;
  payload: Record<string, unknown> & { request_id: string; action: string };
}

/** A socket whose other end is the test. */
export class FakeSocket implements SocketLike {
  readyState = 1;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  sent: SentRequest[] = [];
  reconnects = 0;
  closedWith: number | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as SentRequest);
  }
  close(code?: number): void {
    this.closedWith = code ?? 1000;
  }
  reconnect(): void {
    this.reconnects += 1;
  }

  push(stream: string, payload: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify({ stream, payload }) } as never);
  }
  hello(event: number, epoch = EPOCH, worker = true): void {
    this.push('events', { type: 'hello', event, epoch, server_time: '2026-11-22T12:00:00Z', worker });
  }
  heartbeat(event: number, epoch = EPOCH, worker = true): void {
    this.push('events', { type: 'heartbeat', event, epoch, server_time: '2026-11-22T12:00:10Z', worker });
  }
  drop(code = 1006): void {
    this.onclose?.({ code } as never);
  }

  /** The oldest unanswered request of that action (and stream). */
  take(action: string, stream?: string): SentRequest {
    const index = this.sent.findIndex(
      (one) => one.payload.action === action && (stream === undefined || one.stream === stream),
    );
    if (index < 0) throw new Error(`no ${action} was sent: ${JSON.stringify(this.sent)}`);
    return this.sent.splice(index, 1)[0]!;
  }
  answer(request: SentRequest, status: number, data: unknown, event?: number, errors: unknown[] = []): void {
    const { action, request_id } = request.payload;
    this.push(request.stream, { action, request_id, response_status: status, errors, data, event });
  }
}

/** Let promises that are due run. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
