import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';

import type { Patient, Report } from '@/api/types';
import { EventOrderedCollection } from '@/realtime/eventOrderedCollection';
import type { ObsSocket } from '@/realtime/obsSocket';
import { askForPage, pagesOf } from '@/realtime/pages';
import type { ChangeFrame } from '@/realtime/protocol';

/** One report as the board needs it: its total, null where there is none. */
export interface Total {
  id: number;
  patient: number;
  at: number;
  score: number | null;
  /** null: not recorded. */
  onOxygen: boolean | null;
}

/**
 * A page of one patient's reports: a stay of 500 sets opens with as much as one of 5 does, the rest on demand. As many
 * as a page of 64 kB holds; fewer where they are long.
 */
const PAGE_SIZE = 40;
/** Of numbers a page holds many. */
const TOTALS_PAGE_SIZE = 1000;
export const TOTALS_SPAN_MS = 24 * 3_600_000;

const NO_TOTALS: readonly Total[] = [];

const toTotal = (report: Report): Total => ({
  id: report.id,
  patient: report.patient,
  at: Date.parse(report.datetime),
  score: report.news2.score,
  onOxygen: report.supplemental_oxygen,
});

/** As the server sends it where only totals are asked for. */
type TotalRow = [id: number, patient: number, at: number, score: number | null, onOxygen: boolean | null];

const fromRow = ([id, patient, at, score, onOxygen]: TotalRow): Total => ({
  id,
  patient,
  at,
  score,
  onOxygen,
});

export const byTime = (a: { at: number; id: number }, b: { at: number; id: number }) =>
  a.at - b.at || a.id - b.id;

/**
 * Reports: in full for the patient who is open, as bare totals for everybody on the board.
 *
 * Pushed reports of patients nobody looks at are not kept, so memory does not grow with the day.
 */
export const useReportsStore = defineStore('reports', () => {
  const full = new EventOrderedCollection<Report>();
  const totals = new EventOrderedCollection<Total>();
  /** Per patient the totals in order of time; replaced for the patient concerned only. */
  const totalsOf = shallowReactive(new Map<number, Total[]>());
  /** Per patient the newest report that says air or oxygen, scored or not. */
  const oxygenOf = shallowReactive(new Map<number, Total>());
  /** Patients whose reports are kept in full, and how many the server has of each. */
  const watched = shallowReactive(new Map<number, { count: number | null; isLoaded: boolean }>());

  function regroup(patients: ReadonlySet<number>): void {
    const groups = new Map<number, Total[]>([...patients].map((patient) => [patient, []]));
    for (const one of totals.items.values()) groups.get(one.patient)?.push(one);
    for (const [patient, own] of groups) {
      own.sort(byTime);
      totalsOf.set(
        patient,
        own.filter((one) => one.score !== null),
      );
      const oxygen = own.filter((one) => one.onOxygen !== null).at(-1);
      if (oxygen === undefined) oxygenOf.delete(patient);
      else oxygenOf.set(patient, oxygen);
    }
  }

  /** Whether the patient is on oxygen, as of the newest report of this stay that says so; null: none does. */
  function isOnOxygen(patient: Patient): boolean | null {
    const newest = oxygenOf.get(patient.id);
    return newest === undefined || newest.at < Date.parse(patient.admission_date) ? null : newest.onOxygen;
  }

  /**
   * A patient's totals of this stay, in order of time: after a readmission trend and flags begin anew, as the score
   * does. The same array until something is new.
   */
  function totalsOfStay(patient: Patient): readonly Total[] {
    const all = totalsOf.get(patient.id) ?? NO_TOTALS;
    const begin = Date.parse(patient.admission_date);
    return all.every((one) => one.at >= begin) ? all : all.filter((one) => one.at >= begin);
  }

  /** The totals of the last 24 hours of everybody, for trend and sparkline. Throws what the socket throws. */
  async function loadTotals(socket: ObsSocket, now: number): Promise<void> {
    const snapshot = totals.beginSnapshot();
    const asked = {
      action: 'totals',
      filters: { since: new Date(now - TOTALS_SPAN_MS).toISOString() },
      limit: TOTALS_PAGE_SIZE,
    };
    for await (const page of pagesOf<TotalRow>(socket, 'reports', asked)) {
      const rows = page.results.map(fromRow);
      snapshot.take(rows, page.event);
      regroup(new Set(rows.map((one) => one.patient)));
    }
    snapshot.end(() => true);
    regroup(new Set(totalsOf.keys()));
  }

  /** Keep this patient's reports in full from the next greeting on. */
  function want(patient: number): void {
    if (!watched.has(patient)) watched.set(patient, { count: null, isLoaded: false });
  }

  /** Keep this patient's reports in full from now on, newest first. Throws what the socket throws. */
  async function watch(socket: ObsSocket, patient: number): Promise<void> {
    want(patient);
    const page = await askForPage<Report>(socket, 'reports', {
      filters: { patient, ordering: '-datetime' },
      limit: PAGE_SIZE,
    });
    const oldest = page.results.at(-1);
    const isWhole = page.next === null;
    full.applySnapshot(
      page.results,
      page.event,
      (one) => one.patient === patient && (isWhole || oldest === undefined || one.datetime > oldest.datetime),
    );
    watched.set(patient, { count: page.count, isLoaded: true });
  }

  /** Fetch the next older page of a watched patient. Throws what the socket throws. */
  async function loadOlder(socket: ObsSocket, patient: number): Promise<void> {
    const held = ofPatient(patient);
    const page = await askForPage<Report>(socket, 'reports', {
      filters: { patient, ordering: '-datetime' },
      limit: PAGE_SIZE,
      offset: held.length,
    });
    for (const report of page.results) full.put(report, page.event);
    watched.set(patient, { count: page.count, isLoaded: true });
  }

  function unwatch(patient: number): void {
    watched.delete(patient);
    for (const report of [...full.items.values()]) {
      if (report.patient === patient) full.forget(report.id);
    }
  }

  /** Oldest first. */
  function ofPatient(patient: number): Report[] {
    return [...full.items.values()]
      .filter((report) => report.patient === patient)
      .sort((a, b) => Date.parse(a.datetime) - Date.parse(b.datetime) || a.id - b.id);
  }

  function receive(frame: ChangeFrame): void {
    if (frame.action === 'delete') {
      const id = Number(frame.data.id);
      const patient = totals.get(id)?.patient;
      full.remove(id, frame.event);
      totals.remove(id, frame.event);
      if (patient !== undefined) regroup(new Set([patient]));
      return;
    }
    const report = frame.data as unknown as Report;
    if (totals.put(toTotal(report), frame.event)) regroup(new Set([report.patient]));
    const watchedPatient = watched.get(report.patient);
    if (watchedPatient === undefined) return;
    const isNew = full.get(report.id) === undefined;
    if (full.put(report, frame.event) && isNew && watchedPatient.count !== null) {
      watched.set(report.patient, { ...watchedPatient, count: watchedPatient.count + 1 });
    }
  }

  /** Totals older than the board's span, which nobody draws any more. */
  function dropOldTotals(now: number): void {
    const touched = new Set<number>();
    for (const total of [...totals.items.values()]) {
      if (total.at >= now - TOTALS_SPAN_MS) continue;
      totals.forget(total.id);
      touched.add(total.patient);
    }
    regroup(touched);
  }

  function clear(): void {
    full.clear();
    totals.clear();
    totalsOf.clear();
    oxygenOf.clear();
    watched.clear();
  }

  function forgetEvents(): void {
    full.forgetEvents();
    totals.forgetEvents();
  }

  return {
    totalsOf,
    totalsOfStay,
    isOnOxygen,
    watched,
    loadTotals,
    want,
    watch,
    unwatch,
    loadOlder,
    ofPatient,
    receive,
    dropOldTotals,
    clear,
    forgetEvents,
  };
});
