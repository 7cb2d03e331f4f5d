import { describe, expect, it } from 'vitest';

import type { Ranges } from '@/api/types';
import { makeReport } from '@/testing';
import * as entry from './observationDraft';

const ranges: Ranges = {
  pulse: { unit: '/min', hard: [0, 300], soft: [30, 200], isWhole: true },
  bp_sys: { unit: 'mmHg', hard: [0, 300], soft: [60, 230], isWhole: true },
  bp_dia: { unit: 'mmHg', hard: [0, 200], soft: [30, 140], isWhole: true },
};

function draftWith(
  texts: Partial<entry.ObservationDraft['texts']>,
  rest: Partial<entry.ObservationDraft> = {},
) {
  const draft = { ...entry.emptyDraft(), ...rest };
  Object.assign(draft.texts, texts);
  return draft;
}

describe('what is sent', () => {
  it('leaves out what was not entered and keeps a 0 that was', () => {
    expect(entry.payloadOf(draftWith({ pulse: '0' }), 7)).toEqual({ patient: 7, pulse: 0 });
  });

  it('sends air as false, which is a value', () => {
    const payload = entry.payloadOf(draftWith({}, { supplemental_oxygen: false }), 7);
    expect(payload.supplemental_oxygen).toBe(false);
  });

  it('sends no flow and no device where the patient is on air after all', () => {
    const draft = draftWith({ oxygen_flow: '2' }, { supplemental_oxygen: false, oxygen_device: 'venturi' });
    expect(entry.payloadOf(draft, 7)).toEqual({ patient: 7, supplemental_oxygen: false });
  });

  it('tells "none found" from "not assessed"', () => {
    expect(entry.payloadOf(draftWith({}, { warning_signs: [] }), 7).warning_signs).toEqual([]);
    expect('warning_signs' in entry.payloadOf(draftWith({}), 7)).toBe(false);
  });

  it('sends a reason only for what is missing', () => {
    const draft = draftWith({ pulse: '80' }, { not_measured: { pulse: 'refused', temperature: 'unable' } });
    expect(entry.payloadOf(draft, 7).not_measured).toEqual({ temperature: 'unable' });
  });
});

describe('what is missing', () => {
  it('is all seven of an empty set, and none where everything is there', () => {
    expect(entry.missingFields(entry.emptyDraft())).toHaveLength(7);
    const full = draftWith(
      { respiration: '18', o2sat: '96', bp_sys: '120', pulse: '0', temperature: '37' },
      { supplemental_oxygen: false, consciousness: 'A' },
    );
    expect(entry.missingFields(full)).toEqual([]);
  });

  it('does not count for fluids alone: they are no set', () => {
    expect(entry.isSet(draftWith({ fi_oral: '200' }))).toBe(false);
    expect(entry.isSet(draftWith({ bp_dia: '70' }))).toBe(true);
  });
});

describe('what is wrong', () => {
  it('is a diastolic that is not below the systolic, but not an arrest', () => {
    expect(entry.problemsOf(draftWith({ bp_sys: '80', bp_dia: '80' }), ranges).bp_dia).toBe('diastolicHigh');
    expect(entry.problemsOf(draftWith({ bp_sys: '0', bp_dia: '0' }), ranges)).toEqual({});
  });

  it('is a value outside the possible range', () => {
    expect(entry.problemsOf(draftWith({ pulse: '301' }), ranges).pulse).toBe('impossible');
  });
});

describe('what asks for a second look', () => {
  it('is asked once for each value', () => {
    const draft = draftWith({ pulse: '205' });
    expect(entry.warningsOf(draft, ranges, {}).pulse).toEqual({ kind: 'unusual', isConfirmed: false });
    entry.confirm(draft, 'pulse');
    expect(entry.warningsOf(draft, ranges, {}).pulse?.isConfirmed).toBe(true);
    draft.texts.pulse = '206';
    expect(entry.warningsOf(draft, ranges, {}).pulse?.isConfirmed).toBe(false);
  });

  it('is a large jump since the last set', () => {
    const warnings = entry.warningsOf(draftWith({ pulse: '130' }), ranges, { pulse: 80 });
    expect(warnings.pulse?.kind).toBe('jump');
  });
});

describe('the values of before', () => {
  it('are each the newest there is, a 0 included', () => {
    const readings = entry.previousReadings([
      makeReport({ id: 1, datetime: '2026-11-22T08:00:00Z', pulse: 80, temperature: 37 }),
      makeReport({ id: 2, datetime: '2026-11-22T09:00:00Z', pulse: 0 }),
    ]);
    expect(readings.get('pulse')).toEqual({ value: 0, at: '2026-11-22T09:00:00Z' });
    expect(readings.get('temperature')?.at).toBe('2026-11-22T08:00:00Z');
  });
});

describe('what is possible, but improbable together', () => {
  const warnings = (
    texts: Partial<entry.ObservationDraft['texts']>,
    rest: Partial<entry.ObservationDraft> = {},
    context: entry.WarningContext = {},
    previous: entry.PreviousValues = {},
  ) => entry.warningsOf(draftWith(texts, rest), ranges, previous, context);

  it.each([
    ['77', 70, true],
    ['76.9', 70, false],
    ['63', 70, true],
    ['63.1', 70, false],
    ['154.3', 70, true],
    ['4.4', 4, true],
  ])('asks whether a weight of %s after %s is in another unit: %s', (text, last, isAsked) => {
    const found = warnings({ weight: text }, {}, {}, { weight: last });
    expect(found.weight?.kind).toBe(isAsked ? 'otherUnit' : undefined);
    expect(warnings({ weight: text }).weight).toBeUndefined();
  });

  it('asks about a short adult, and about oxygen without a flow', () => {
    expect(warnings({ height: '99' }, {}, { isAdult: true }).height?.kind).toBe('shortAdult');
    expect(warnings({ height: '100' }, {}, { isAdult: true }).height).toBeUndefined();
    expect(warnings({ height: '99' }, {}, { isAdult: false }).height).toBeUndefined();
    const flow = { oxygen_flow: '0' };
    expect(warnings(flow, { supplemental_oxygen: true }).oxygen_flow?.kind).toBe('noFlow');
    expect(warnings(flow, { supplemental_oxygen: false }).oxygen_flow).toBeUndefined();
  });

  it('asks what the server asks, until it was looked at', () => {
    const unusual = { weight: ['Another unit?'], supplemental_oxygen: ['Check both.'] };
    const draft = draftWith({ weight: '154' });
    const asked = entry.warningsOf(draft, ranges, {}, { unusual });
    expect(asked).toEqual({ weight: { kind: 'server', message: 'Another unit?', isConfirmed: false } });
    entry.confirm(draft, 'weight');
    expect(entry.warningsOf(draft, ranges, {}, { unusual }).weight?.isConfirmed).toBe(true);
  });
});

describe('a saturation', () => {
  it('is whole, with the table and without it, where no decimal is stored already', () => {
    for (const table of [{}, { o2sat: { unit: '%', hard: [0, 100], soft: [80, 100], isWhole: false } }]) {
      const typed = draftWith({ o2sat: '96.5', temperature: '36.5' });
      expect(Object.keys(entry.problemsOf(typed, table as Ranges))).toEqual(['o2sat']);
      expect(entry.problemsOf(typed, table as Ranges, { o2sat: '96.5' })).toEqual({});
    }
  });

  it('that was stored with a decimal is sent as it is', () => {
    expect(entry.payloadOf(draftWith({ o2sat: '96.5' }), 7).o2sat).toBe(96.5);
  });
});

describe('a fraction of a reading that the form takes whole', () => {
  const o2sat: Ranges = { o2sat: { unit: '%', hard: [0, 100], soft: [80, 100], isWhole: false } };

  it('is refused where it was typed, and left alone where the server holds it', () => {
    const draft = draftWith({ o2sat: '96.5' });
    expect(entry.problemsOf(draft, o2sat)).toEqual({ o2sat: 'fraction' });
    expect(entry.problemsOf(draft, o2sat, { o2sat: '96.5' })).toEqual({});
    expect(entry.problemsOf(draft, o2sat, { o2sat: '96.4' })).toEqual({ o2sat: 'fraction' });
  });
});
