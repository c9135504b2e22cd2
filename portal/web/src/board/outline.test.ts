import { getStroke } from 'perfect-freehand';
import { expect, test } from 'vitest';
import { outlineOf, type StrokePoint, strokeOptions } from './scene';

/** Numbers from 0 to 1, the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function byTheLibrary(points: readonly StrokePoint[], kind: 'draw' | 'highlight', size: number): number[] {
  const input = points.map(({ x, y, pressure }) => [x, y, pressure === null ? 0.5 : pressure / 255]);
  return getStroke(input, { ...strokeOptions(kind, size, points[0]?.pressure !== null), last: true }).flat();
}

test.each([
  ['draw', false],
  ['draw', true],
  ['highlight', false],
] as const)('the outline of a %s stroke, with pressure %s, is that of perfect-freehand', (kind, hasPressure) => {
  const chance = chances(hasPressure ? 7 : 11);
  for (let round = 0; round < 400; round += 1) {
    const count = 1 + Math.floor(chance() * (round < 100 ? 6 : 90));
    const [reach, size] = [chance() * 30, 1 + chance() * 20];
    let [x, y] = [chance() * 900, chance() * 900];
    const points = Array.from({ length: count }, () => {
      // Now and then the hand rests.
      if (chance() > 0.1) {
        [x, y] = [x + (chance() - 0.5) * reach, y + (chance() - 0.4) * reach];
      }
      return { x, y, pressure: hasPressure ? Math.floor(chance() * 256) : null };
    });
    const [ours, theirs] = [[...outlineOf(points, kind, size)], byTheLibrary(points, kind, size)];
    expect(ours.length).toBe(theirs.length);
    const farthest = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? NaN))), 0);
    expect(farthest).toBeLessThan(1e-6);
  }
});

test('points in one place are a dot', () => {
  const points = [1, 2, 3].map(() => ({ x: 5, y: 5, pressure: null }));
  const theirs = byTheLibrary(points, 'draw', 4);
  for (const [i, value] of outlineOf(points, 'draw', 4).entries()) {
    expect(value).toBeCloseTo(theirs[i] ?? NaN, 6);
  }
});
