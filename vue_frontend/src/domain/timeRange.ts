/** The fixed spans that charts and tables show. */
export const TIME_RANGES = ['h12', 'h24', 'd3', 'd7', 'all'] as const;
export type TimeRange = (typeof TIME_RANGES)[number];

const HOUR = 3_600_000;
const SPANS: Record<TimeRange, number> = {
  h12: 12 * HOUR,
  h24: 24 * HOUR,
  d3: 72 * HOUR,
  d7: 168 * HOUR,
  all: Infinity,
};

/** The first instant shown; -Infinity for all. */
export function startOf(range: TimeRange, now: number): number {
  return now - SPANS[range];
}
