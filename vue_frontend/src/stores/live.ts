import ReconnectingWebSocket from 'partysocket/ws';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';

import type { Notification } from '@/api/types';
import { CatchUp } from '@/realtime/catchUp';
import { ObsSocket, STALE_AFTER_MS, type SocketLike } from '@/realtime/obsSocket';
import {
  NoAnswer,
  RequestRefused,
  type ChangeFrame,
  type EventsFrame,
  type Stream,
} from '@/realtime/protocol';
import { noteHeard } from '@/domain/lastHeard';
import { useClockStore } from './clock';
import { useHistoryStore } from './history';
import { useNotificationsStore } from './notifications';
import { usePatientsStore } from './patients';
import { useReportsStore } from './reports';
import { useSessionStore } from './session';
import { useStruckStore } from './struck';

export type ConnectionState = 'live' | 'reconnecting' | 'offline';

const RECONNECT_QUICKEST_MS = 400;
const RECONNECT_JITTER_MS = 600;
const RECONNECT_SLOWEST_MS = 8_000;
const RETRY_CATCH_UP_MS = 3_000;
const CHECK_SIGN_IN_EVERY_MS = 5_000;

function makeBrowserSocket(): SocketLike {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return new ReconnectingWebSocket(`${scheme}://${location.host}/ws/`, undefined, {
    // Jitter, so that a ward's screens do not all come back in the same moment after a restart.
    minReconnectionDelay: RECONNECT_QUICKEST_MS + Math.random() * RECONNECT_JITTER_MS,
    maxReconnectionDelay: RECONNECT_SLOWEST_MS,
    reconnectionDelayGrowFactor: 1.6,
    connectionTimeout: 6_000,
    // What was not sent is not sent later: the caller is told, and decides.
    maxEnqueuedMessages: 0,
  }) as unknown as SocketLike;
}

/** The connection to the ward: opens it, feeds the stores, catches up after a loss, and says how it stands. */
export const useLiveStore = defineStore('live', () => {
  const clock = useClockStore();
  const session = useSessionStore();
  const patients = usePatientsStore();
  const reports = useReportsStore();
  const notifications = useNotificationsStore();
  const history = useHistoryStore();
  const struck = useStruckStore();

  const socket = shallowRef<ObsSocket | null>(null);
  /** The server has greeted: what is asked is answered, though lists may still be on their way. */
  const isConnected = ref(false);
  const isCurrent = ref(false);
  const wasCurrent = ref(false);
  /** Server time of the last frame; null before the first one. */
  const heardAt = ref<number | null>(null);
  /** Whether somebody on the server looks for what is due; without anything known, nobody is alarmed. */
  const hasWorker = ref(true);
  /** Nothing comes through: said at once, and not after the time that a line may take to come back. */
  const isDead = ref(false);
  /** When the connection was last seen to be lost or not yet there. */
  const lostAt = ref<number | null>(null);
  let signedOut: () => void = () => undefined;
  let checkedAt = 0;

  const state = computed<ConnectionState>(() => {
    if (isCurrent.value) return 'live';
    if (isDead.value) return 'offline';
    const since = lostAt.value ?? heardAt.value;
    return since !== null && clock.now - since >= STALE_AFTER_MS ? 'offline' : 'reconnecting';
  });

  /** The line is down that was there; false while a page that was just opened still waits for its first one. */
  const isLost = computed(() => wasCurrent.value && !isCurrent.value);

  const catchUp = new CatchUp({
    async resume(since, epoch) {
      const reply = await currentSocket().request<{ last: number }>(
        'events',
        { action: 'resume', since, epoch },
        60_000,
      );
      return reply.data.last;
    },
    async loadAfresh() {
      const current = currentSocket();
      // Who is open comes first: a form needs one patient, and not the house.
      for (const patient of [...reports.watched.keys()]) {
        await Promise.all([loadPatient(current, patient), reports.watch(current, patient)]);
      }
      await Promise.all([patients.load(current), notifications.load(current)]);
      if (history.watched !== null) await history.watch(current, history.watched);
      if (struck.patient !== null) await struck.watch(current, struck.patient);
    },
    forgetEvents() {
      patients.forgetEvents();
      reports.forgetEvents();
      notifications.forgetEvents();
      history.forgetEvents();
      struck.forgetEvents();
    },
    becameLive() {
      isCurrent.value = wasCurrent.value = true;
      isDead.value = false;
      lostAt.value = null;
      void loadTotals();
    },
  });

  /** Throws NoAnswer where nobody is signed in. */
  function currentSocket(): ObsSocket {
    if (socket.value === null) throw new NoAnswer('no connection', false);
    return socket.value;
  }

  /** Where there is no such patient, the page that wants them says so. */
  async function loadPatient(current: ObsSocket, id: number): Promise<void> {
    try {
      await patients.loadOne(current, id);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
    }
  }

  /** Trend and sparkline are an extra: the board stands without them. */
  async function loadTotals(): Promise<void> {
    try {
      await reports.loadTotals(currentSocket(), clock.now);
    } catch {
      // The next connection asks again.
    }
  }

  async function begin(hello: EventsFrame): Promise<void> {
    hear(hello);
    isConnected.value = true;
    try {
      await catchUp.begin(hello);
    } catch {
      // Lost or slow in the middle of catching up: a screen that is not complete must not look live.
      isCurrent.value = false;
      // A line that is still open was too slow, or refused a list: begin anew, but not at once and for ever.
      if (socket.value?.isOpen === true) setTimeout(reconnect, RETRY_CATCH_UP_MS);
    }
  }

  function hear(frame: EventsFrame): void {
    clock.synchronise(frame.server_time);
    heardAt.value = clock.now;
    noteHeard(clock.now);
    hasWorker.value = frame.worker;
  }

  function receive(stream: Stream, payload: Record<string, unknown>): void {
    heardAt.value = clock.now;
    if (payload.type === 'change') {
      const frame = payload as unknown as ChangeFrame;
      if (stream === 'patients') patients.receive(frame);
      else if (stream === 'reports') reports.receive(frame);
      else if (stream === 'notifications') notifications.receive(frame);
      else if (stream === 'history') {
        history.receive(frame);
        struck.receive(frame);
      }
    } else if (payload.type === 'notification') {
      notifications.receiveRaised(payload.data as Notification, Number(payload.event));
    }
    if (typeof payload.event === 'number') catchUp.advance(payload.event);
  }

  function lose(): void {
    catchUp.interrupt();
    isConnected.value = false;
    if (isCurrent.value || lostAt.value === null) lostAt.value = heardAt.value ?? clock.now;
    isCurrent.value = false;
    void checkSignIn();
  }

  /** A refused handshake looks to the browser like a lost network: ask over HTTP which of the two it is. */
  async function checkSignIn(): Promise<void> {
    if (socket.value === null || session.user === null) return;
    if (Date.now() - checkedAt < CHECK_SIGN_IN_EVERY_MS) return;
    checkedAt = Date.now();
    try {
      if ((await session.restore()) === null) end();
    } catch {
      // The network, then: go on reconnecting.
    }
  }

  /** The sign-in ended without being asked: leave, saying why. */
  function end(): void {
    if (socket.value === null) return;
    stop();
    session.forget('ended');
    signedOut();
  }

  /** Open the connection of the signed-in user; `onSignedOut` is called when the server ends the sign-in. */
  function start(onSignedOut: () => void, makeSocket: () => SocketLike = makeBrowserSocket): void {
    if (socket.value !== null) return;
    signedOut = onSignedOut;
    lostAt.value = clock.now;
    socket.value = new ObsSocket(makeSocket, {
      onState: (next) => {
        if (next === 'dead') isDead.value = true;
        if (next === 'connecting') lose();
      },
      onHello: (frame) => void begin(frame),
      onHeartbeat: (frame) => {
        hear(frame);
        catchUp.advance(frame.event);
      },
      onPush: receive,
      onSignedOut: end,
    });
    socket.value.open();
  }

  /** Close the connection and forget everything that was on the screen. */
  function stop(): void {
    const current = socket.value;
    socket.value = null;
    current?.close();
    catchUp.reset();
    isConnected.value = isCurrent.value = wasCurrent.value = false;
    heardAt.value = null;
    hasWorker.value = true;
    isDead.value = false;
    lostAt.value = null;
    patients.clear();
    reports.clear();
    notifications.clear();
    history.clear();
    struck.clear();
  }

  function reconnect(): void {
    socket.value?.reconnect();
  }

  /** The browser has lost its network: no need to wait for silence. */
  function giveUp(): void {
    socket.value?.giveUp();
  }

  return {
    state,
    isConnected,
    isLost,
    heardAt,
    hasWorker,
    socket,
    currentSocket,
    start,
    stop,
    reconnect,
    giveUp,
  };
});
