import type { News2, ResponseKey } from '@/api/types';

/**
 * Which of the RCP's responses a stored result asks for; the server computed the result itself.
 *
 * `unknown` where nothing was scored, and for an incomplete set without a point: "at least 0" must not read as
 * "continue routine monitoring".
 */
export function responseKeyOf(news2: Pick<News2, 'score' | 'lower_bound' | 'risk'>): ResponseKey | 'unknown' {
  const total = news2.score ?? news2.lower_bound;
  if (total === null || news2.risk === null) return 'unknown';
  if (total > 0) return news2.risk;
  return news2.score === 0 ? 'zero' : 'unknown';
}
