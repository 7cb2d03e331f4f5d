import { describe, expect, it } from 'vitest';

import { makeReport } from '@/testing';
import { changedFields, changesOf, draftOf } from './reportVersions';

const recorded = (change = {}) =>
  makeReport({
    respiration: 18,
    pulse: 0,
    supplemental_oxygen: false,
    consciousness: 'A',
    status: '',
    diet: '',
    additional: 'dizzy',
    medical_advice: '',
    warning_signs: null,
    ...change,
  } as never);

describe('the differences between two versions', () => {
  it('of a first version are everything recorded, a 0 and "none found" included', () => {
    const found = changedFields(null, recorded({ warning_signs: [] }));
    expect(found).toEqual([
      'datetime',
      'respiration',
      'supplemental_oxygen',
      'pulse',
      'consciousness',
      'warning_signs',
      'additional',
    ]);
  });

  it('are the fields that changed and no others', () => {
    expect(changedFields(recorded(), recorded({ pulse: 80, additional: '' }))).toEqual([
      'pulse',
      'additional',
    ]);
  });

  it('tell a value that was taken away from one that is 0', () => {
    expect(changedFields(recorded(), recorded({ pulse: null }))).toEqual(['pulse']);
  });

  it('see no change in the same instant written otherwise, nor in another order of members', () => {
    const before = recorded({
      datetime: '2026-11-22T12:00:00Z',
      not_measured: { pulse: 'refused', temperature: 'unable' },
      warning_signs: ['lethargy', 'abdominal_pain'],
    });
    const after = recorded({
      datetime: '2026-11-22T12:00:00.000+00:00',
      not_measured: { temperature: 'unable', pulse: 'refused' },
      warning_signs: ['abdominal_pain', 'lethargy'],
    });
    expect(changedFields(before, after)).toEqual([]);
  });

  it('tell "not assessed" from "none found"', () => {
    expect(changedFields(recorded(), recorded({ warning_signs: [] }))).toEqual(['warning_signs']);
  });
});

describe('a correction', () => {
  it('of nothing sends nothing', () => {
    const report = recorded();
    expect(changesOf(report, draftOf(report))).toEqual({});
  });

  it('sends what was changed, and null for what was emptied', () => {
    const report = recorded();
    const draft = draftOf(report);
    draft.texts.pulse = '';
    draft.texts.respiration = '19';
    draft.additional = '';
    expect(changesOf(report, draft)).toEqual({ pulse: null, respiration: 19, additional: '' });
  });

  it('takes the flow away with the oxygen', () => {
    const report = recorded({ supplemental_oxygen: true, oxygen_flow: 2, oxygen_device: 'nasal_cannula' });
    const draft = draftOf(report);
    draft.supplemental_oxygen = false;
    expect(changesOf(report, draft)).toEqual({
      supplemental_oxygen: false,
      oxygen_flow: null,
      oxygen_device: '',
    });
  });

  it('leaves what was stored before a rule was made as it is, where another field is corrected', () => {
    const stored = [
      recorded({ supplemental_oxygen: false, oxygen_flow: 15, oxygen_device: 'mask' }),
      recorded({ supplemental_oxygen: null, oxygen_flow: 4 }),
      recorded({ o2sat: 96.5, not_measured: { respiration: 'unable' } }),
    ];
    for (const report of stored) {
      const draft = draftOf(report);
      expect(changesOf(report, draft)).toEqual({});
      draft.texts.pulse = '90';
      expect(changesOf(report, draft)).toEqual({ pulse: 90 });
    }
    expect(draftOf(stored[2]!).texts.o2sat).toBe('96.5');
  });

  it('says what becomes of a stored flow where oxygen is put right', () => {
    const report = recorded({ supplemental_oxygen: null, oxygen_flow: 4 });
    const draft = draftOf(report);
    draft.supplemental_oxygen = false;
    expect(changesOf(report, draft)).toEqual({ supplemental_oxygen: false, oxygen_flow: null });
    draft.supplemental_oxygen = true;
    expect(changesOf(report, draft)).toEqual({ supplemental_oxygen: true });
    draft.texts.oxygen_flow = '2';
    expect(changesOf(report, draft)).toEqual({ supplemental_oxygen: true, oxygen_flow: 2 });
  });

  it('does not ask again about a value that was recorded before', () => {
    const draft = draftOf(recorded({ pulse: 210 }));
    expect(draft.confirmed).toContain('pulse:210');
  });
});
