import { afterEach, describe, expect, it } from 'vitest';

import { speak } from '@/locales';
import { reasonText, resolutionText } from './useReasons';

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
    const values = { risk: 'high', risk_before: 'low', total: 7, complete: false };
    expect(reasonText({ rule: 'risk_band', message: '', values })).toBe(
      'El riesgo subió de Bajo a Alto: NEWS2 es ≥7.',
    );
  });

  it('of a rule that this page does not know is told in the words of the server', () => {
    expect(reasonText({ rule: 'new_rule', message: 'Something new.' })).toBe('Something new.');
    expect(resolutionText('something new')).toBe('something new');
  });
});
