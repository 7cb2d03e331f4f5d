// @vitest-environment jsdom

import { afterEach, describe, expect, it } from 'vitest';

import { speak } from '@/locales';
import { reasonText, resolutionText, versionReasonText } from './useReasons';

const three = {
  rule: 'single_three',
  message: 'Oxygen saturation 90 % (SpO2 scale 1) scores 3 points.',
  values: { parameter: 'o2sat', value: 90, points: 3 },
};

describe('why a notification was raised', () => {
  afterEach(() => speak('en'));

  it('names the SpO2 scale beside the value', () => {
    expect(reasonText(three)).toBe('SpO2 90 % (Scale 1) scores 3 points.');
  });

  it('is told in the language of the page', async () => {
    await speak('es');
    expect(reasonText(three)).toBe('SpO2 90 % (Escala 1) suma 3 puntos.');
    expect(resolutionText('discharged')).toBe('el paciente recibió el alta');
    expect(resolutionText('overdue')).toBe('la toma pasó a estar atrasada');
    expect(resolutionText('date of birth corrected, pregnancy corrected')).toBe(
      'se corrigió la fecha de nacimiento, se corrigió el embarazo',
    );
    const values = { risk: 'high', risk_before: 'low', total: 7, complete: false };
    expect(reasonText({ rule: 'risk_band', message: '', values })).toBe(
      'El riesgo subió de Bajo a Alto: NEWS2 es ≥7.',
    );
  });

  it.each([
    ['defervescence_provisional', { value: 37.4 }, 'Das Fieber ist gesunken (Temperatur 37.4 °C)'],
    ['defervescence_confirmed', { value: 36.8 }, 'kritische Phase bestätigt'],
    [
      'haemoconcentration',
      { value: 47.8, rise_percent: 21.9, baseline: 39.2, level: 1 },
      'liegt 21.9 % über',
    ],
    ['warning_sign', { parameter: 'persistent_vomiting' }, 'Warnzeichen: Anhaltendes Erbrechen.'],
    ['low_urine_output', { value: 0.34, hours: 7.5, limit: 0.5 }, 'Urin 0.34 mL/kg/h über 7.5 h'],
    [
      'plan_call_at',
      { parameter: 'score', total: 6, complete: false, call_at: 5 },
      'NEWS2 ist ≥6: laut Plan ist ab 5',
    ],
    [
      'plan_call_at',
      { parameter: 'pulse', value: 130, below: null, above: 120 },
      'Puls 130 /min: laut Plan ist über 120',
    ],
    ['plan_call_at', { parameter: 'bp_sys', value: 85, below: 90, above: 180 }, 'laut Plan ist unter 90'],
  ])('of %s with %o is told in the language of the page', async (rule, values, text) => {
    await speak('de');
    expect(reasonText({ rule, message: 'In English.', values })).toContain(text);
  });

  it('of a sign of shock names the limit, which goes by age', async () => {
    await speak('es');
    const told = (parameter: string, value: number, message: string) =>
      reasonText({ rule: 'shock_sign', message: `Sign of shock: ${message}`, values: { parameter, value } });
    expect(told('bp_sys', 74, 'Systolic pressure 74 mmHg is below 78 mmHg.')).toContain(
      '74 mmHg, límite 78.',
    );
    expect(told('pulse_pressure', 18, 'Pulse pressure 18 mmHg is 20 mmHg or less.')).toContain('límite 20.');
    expect(told('capillary_refill', 3.5, 'Capillary refill 3.5 s takes more than 2 s.')).toContain(
      'límite 2.',
    );
    expect(told('map', 60, 'Something new.')).toBe('Sign of shock: Something new.');
  });

  it('of both haematocrit and platelets tells both', () => {
    const values = {
      value: 50,
      rise_percent: 25,
      baseline: 40,
      level: 2,
      platelet: 60,
      platelet_before: 130,
    };
    expect(reasonText({ rule: 'haemoconcentration', message: '', values })).toBe(
      'Haematocrit 50 % is 25 % above the baseline of 40 %. Platelets fell from 130 to 60 × 10⁹/L at the same time.',
    );
  });

  it('of a rule that this page does not know is told in the words of the server', () => {
    expect(reasonText({ rule: 'new_rule', message: 'Something new.' })).toBe('Something new.');
    expect(resolutionText('something new')).toBe('something new');
    expect(resolutionText('discharged, something new')).toBe('discharged, something new');
  });
});

describe('why a version was made', () => {
  afterEach(() => speak('en'));

  it('is told in the language of the page where the server gave the reason', async () => {
    await speak('de');
    expect(versionReasonText('scored again: date of birth corrected')).toBe(
      'neu bewertet: das Geburtsdatum wurde berichtigt',
    );
    expect(versionReasonText('scored again: pregnancy corrected, pathway changed')).toBe(
      'neu bewertet: die Schwangerschaft wurde berichtigt, der Behandlungspfad wurde geändert',
    );
    expect(versionReasonText('scored again: it is the newest complete set now')).toBe(
      'neu bewertet: es ist jetzt die neueste vollständige Messung',
    );
    expect(versionReasonText('imported')).toBe('importiert');
    expect(versionReasonText('taken in')).toBe('importiert');
  });

  it.each(['typing error', '', 'scored again: moon phase', 'scored again: pathway changed, moon phase'])(
    'is what was stored, where a person or a newer server gave it: %s',
    (reason) => {
      expect(versionReasonText(reason)).toBe(reason);
    },
  );
});
