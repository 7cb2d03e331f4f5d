import { patientEn } from './en-patient';

export const patientEs: typeof patientEn = patientEn;
