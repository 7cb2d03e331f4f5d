import type { News2 } from '@/api/types';

/**
 * Whether SpO2 was measured and yet has no points.
 *
 * From 93 % up scale 2 gives none on air and 1 to 3 on oxygen: until one of the two is recorded the server gives it
 * null, and a blank beside the value would read as 0.
 */
export function isSpo2WithoutPoints(news2: Pick<News2, 'parts' | 'missing' | 'not_scored_because'>): boolean {
  return news2.parts.o2sat === null && !news2.missing.includes('o2sat') && news2.not_scored_because === null;
}
