import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';

import type { Notification, Severity } from '@/api/types';
import { isStillHidden } from '@/domain/alertBar';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import { askForPage, pagesOf } from '@/realtime/pages';
import type { ChangeFrame } from '@/realtime/protocol';
import { useClockStore } from './clock';
import { useSnoozesStore } from './snoozes';

const RANK: Record<Severity, number> = { high: 0, medium: 1, low: 2 };
const RESOLVED_LIMIT = 50;

/** What NEWS2 finds stands in the score already; the rules of dengue and a plan's limits say what no score shows. */
const SHOWN_BY_SCORE: readonly string[] = ['risk_band', 'total_rise', 'single_three'];

export const isOpen = (one: Notification) => one.status === 'open' || one.status === 'escalated';

const isBesideScore = (one: Notification) =>
  one.kind === 'deterioration' &&
  one.status !== 'resolved' &&
  one.reasons.some((reason) => !SHOWN_BY_SCORE.includes(reason.rule));

/** Worst first, then the one that waits longest. */
export const byUrgency = (a: Notification, b: Notification) =>
  RANK[a.severity] - RANK[b.severity] || Date.parse(a.created_at) - Date.parse(b.created_at) || a.id - b.id;

export const useNotificationsStore = defineStore('notifications', () => {
  const snoozes = useSnoozesStore();
  const clock = useClockStore();
  const collection = new EventOrderedCollection<Notification>();
  /** Whether all that is not resolved is here; before, nothing is counted. */
  const isLoaded = ref(false);
  /** High ones that were raised while this page was open and not put aside here. */
  const announced = shallowReactive(new Set<number>());
  /** Those that were put aside here, and when: ms, by the server's clock. */
  const asideSince = shallowReactive(new Map<number, number>());

  const all = computed(() => [...collection.items.values()]);
  const open = computed(() => all.value.filter(isOpen).sort(byUrgency));
  const acknowledged = computed(() =>
    all.value.filter((one) => one.status === 'acknowledged').sort(byUrgency),
  );
  const resolved = computed(() =>
    all.value
      .filter((one) => one.status === 'resolved')
      .sort((a, b) => Date.parse(b.resolved_at ?? b.created_at) - Date.parse(a.resolved_at ?? a.created_at))
      .slice(0, RESOLVED_LIMIT),
  );
  const isAside = (one: Notification): boolean => {
    const hiddenAt = asideSince.get(one.id);
    return (
      hiddenAt !== undefined && isStillHidden({ raisedAt: Date.parse(one.created_at), hiddenAt }, clock.now)
    );
  };
  /** What the bar holds: high, still open, and not put aside here. */
  const standing = computed(() => open.value.filter((one) => one.severity === 'high' && !isAside(one)));
  /** What sounds: high, still open, and new since this page was opened. */
  const interrupting = computed(() => open.value.filter((one) => announced.has(one.id)));

  /** By patient, the worst of what was found beside the score and is not over: acknowledging ends nothing. */
  const besideScore = computed(() => {
    const worst = new Map<number, Severity>();
    for (const one of all.value.filter(isBesideScore).sort(byUrgency)) {
      if (!worst.has(one.patient)) worst.set(one.patient, one.severity);
    }
    return worst;
  });

  function ofPatient(patient: number): Notification[] {
    return all.value.filter((one) => one.patient === patient);
  }

  /** List what is not resolved, the worst and oldest first. Throws what the socket throws. */
  async function load(socket: ObsSocket): Promise<void> {
    const snapshot = collection.beginSnapshot();
    const filters = { status: 'open,escalated,acknowledged', ordering: 'severity,created_at' };
    for await (const page of pagesOf<Notification>(socket, 'notifications', { filters })) {
      snapshot.take(page.results, page.event);
    }
    snapshot.end((held) => held.status !== 'resolved');
    isLoaded.value = true;
  }

  /** The newest that are resolved. Throws what the socket throws. */
  async function loadResolved(socket: ObsSocket): Promise<void> {
    const page = await askForPage<Notification>(socket, 'notifications', {
      filters: { status: 'resolved', ordering: '-created_at' },
      limit: RESOLVED_LIMIT,
    });
    collection.applySnapshot(page.results, page.event, () => false);
  }

  /**
   * Acknowledge these, all of one patient, in one act; what came since they were drawn is not among them. Gives them as
   * they then stand; the change itself comes as a push, to every screen alike. Throws what the socket throws.
   */
  async function acknowledge(socket: ObsSocket, ids: readonly number[]): Promise<Notification[]> {
    const patient = ids.map((id) => collection.get(id)?.patient).find((one) => one !== undefined);
    if (patient === undefined) return []; // they are gone from this screen, and so from the ward
    const request = { action: 'acknowledge_all', pk: patient, ids };
    const reply = await socket.request<{ results: Notification[] }>('notifications', request);
    ids.forEach((id) => announced.delete(id));
    return reply.data.results;
  }

  /** Take one's own acknowledgement back; what interrupted does so again. Throws what the socket throws. */
  async function unacknowledge(socket: ObsSocket, id: number): Promise<void> {
    await socket.request('notifications', { action: 'unacknowledge', pk: id });
    if (collection.get(id)?.severity === 'high') announced.add(id);
  }

  function receive(frame: ChangeFrame): void {
    if (frame.action === 'delete') collection.remove(Number(frame.data.id), frame.event);
    else collection.put(frame.data as unknown as Notification, frame.event);
  }

  /** A notification was raised, raised again or escalated. */
  function receiveRaised(notification: Notification, event: number): void {
    collection.put(notification, event);
    // Raised again or escalated is news: whoever put it off hears of it.
    snoozes.end(notification.id);
    asideSince.delete(notification.id);
    const held = collection.get(notification.id);
    if (held !== undefined && held.severity === 'high' && isOpen(held)) announced.add(held.id);
  }

  function putAside(id: number): void {
    announced.delete(id);
    asideSince.set(id, clock.now);
  }

  /** Whoever looks at this screen now is told of what was put aside before. */
  function recall(): void {
    asideSince.clear();
  }

  function clear(): void {
    collection.clear();
    announced.clear();
    asideSince.clear();
    isLoaded.value = false;
  }

  return {
    open,
    acknowledged,
    resolved,
    standing,
    interrupting,
    besideScore,
    isLoaded,
    get: (id: number) => collection.get(id),
    ofPatient,
    load,
    loadResolved,
    acknowledge,
    unacknowledge,
    receive,
    receiveRaised,
    putAside,
    recall,
    clear,
    forgetEvents: () => collection.forgetEvents(),
  };
});
