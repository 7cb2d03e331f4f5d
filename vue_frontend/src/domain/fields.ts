/** The fields of the observation form: order, sections and how each is entered. Labels are in the catalogue. */

import type { Consciousness, NotMeasuredReason, NumberField } from '@/api/types';

/** Decimals as written at the bedside; the server takes one decimal wherever the range is not whole. */
export const DECIMALS: Record<NumberField, number> = {
  temperature: 1,
  pulse: 0,
  respiration: 0,
  bp_sys: 0,
  bp_dia: 0,
  o2sat: 0,
  oxygen_flow: 0,
  pain_score: 0,
  blood_glucose: 1,
  capillary_refill: 0,
  fi_oral: 0,
  fi_parenteral: 0,
  fi_other: 0,
  fo_urine: 0,
  fo_uf: 0,
  fo_emesis: 0,
  fo_drainage: 0,
  weight: 1,
  height: 0,
  abd_cir: 0,
  stools: 0,
  urine: 0,
  hematocrit: 1,
  platelet: 0,
  wbc: 1,
};

/** Whole in the form though the server takes a decimal: no oximeter at a bedside shows one. */
export const WHOLE_IN_FORM: readonly NumberField[] = ['o2sat'];

export const FLUID_INTAKE = ['fi_oral', 'fi_parenteral', 'fi_other'] as const satisfies NumberField[];
export const FLUID_OUTPUT = [
  'fo_urine',
  'fo_uf',
  'fo_emesis',
  'fo_drainage',
] as const satisfies NumberField[];

/** Sections below the scored set, closed until wanted. */
export const MORE_SECTIONS = [
  { name: 'bedside', fields: ['pain_score', 'blood_glucose', 'capillary_refill'] },
  { name: 'fluids', fields: [...FLUID_INTAKE, ...FLUID_OUTPUT] },
  { name: 'laboratory', fields: ['hematocrit', 'platelet', 'wbc'] },
  { name: 'body', fields: ['weight', 'height', 'abd_cir', 'stools', 'urine'] },
] as const satisfies { name: string; fields: NumberField[] }[];

export const CONSCIOUSNESS_LEVELS: readonly Consciousness[] = ['A', 'C', 'V', 'P', 'U'];
export const NOT_MEASURED_REASONS: readonly NotMeasuredReason[] = [
  'refused',
  'unable',
  'asleep',
  'off_ward',
  'equipment',
  'not_appropriate',
];

/** What the server stores is text; these are the ones on the RCP's chart that need no typing. */
export const OXYGEN_DEVICES = ['nasal_cannula', 'simple_mask', 'venturi', 'reservoir', 'other'] as const;

export const COURSE_STATUSES = ['febrile', 'critical', 'recovery'] as const;

/** WHO 2009 warning signs of dengue, by the codes of the server. */
export const WARNING_SIGNS = [
  'abdominal_pain',
  'persistent_vomiting',
  'fluid_accumulation',
  'mucosal_bleed',
  'lethargy',
  'liver_enlargement',
  'hct_rise_platelet_fall',
] as const;

/** Minutes to the next set that a nurse may ask for; the server allows 5 to 1440. */
export const INTERVAL_CHOICES = [15, 30, 60, 120, 240, 360, 720] as const;
