/** From and to, room time ms; ordered. */
export type Span = readonly [number, number];

/** Where playback goes on when it is told to skip silence; null where somebody speaks or writes. */
export function endOfSilence(silences: readonly Span[], t_ms: number): number | null {
  for (const [from_ms, to_ms] of silences) {
    if (from_ms > t_ms) {
      return null;
    }
    if (t_ms < to_ms) {
      return to_ms;
    }
  }
  return null;
}

/** How much of a lesson is silent, ms. */
export function silentTime(silences: readonly Span[]): number {
  return silences.reduce((sum, [from_ms, to_ms]) => sum + to_ms - from_ms, 0);
}
