import { describe, expect, test } from 'vitest';
import { edgeNear, edgesOf, type Guide, nearestOn, onBoard, unitsOf } from './guide';

const RULER: Guide = { kind: 'ruler', x: 100, y: 200, angle: 0, size: 400, depth: 80, arm: 0 };
const at = (x: number, y: number) => ({ x, y });
const close = (found: { x: number; y: number }, x: number, y: number): void => {
  expect(found.x).toBeCloseTo(x, 9);
  expect(found.y).toBeCloseTo(y, 9);
};

describe('a pen beside a guide', () => {
  test('goes along either edge of a ruler, and no farther than its ends', () => {
    const upper = edgeNear(RULER, at(50, 195), 14);
    const lower = edgeNear(RULER, at(50, 285), 14);
    if (!upper || !lower) throw new Error('no edge');
    close(nearestOn(upper, at(120, 150)), 120, 200);
    close(nearestOn(lower, at(120, 150)), 120, 280);
    close(nearestOn(upper, at(900, 200)), 300, 200);
    expect(edgeNear(RULER, at(50, 240), 14)).toBeNull();
    expect(edgeNear(RULER, at(50, 180), 14)).toBeNull();
  });

  test('goes along a ruler that is turned', () => {
    const turned = { ...RULER, angle: Math.PI / 2 };
    const edge = edgeNear(turned, at(104, 300), 14);
    if (!edge) throw new Error('no edge');
    close(nearestOn(edge, at(130, 310)), 100, 310);
  });

  test('goes round a compass at its radius', () => {
    const compass: Guide = { ...RULER, kind: 'compass', size: 100 };
    const edge = edgeNear(compass, at(100, 95), 14);
    if (!edge) throw new Error('no edge');
    close(nearestOn(edge, at(400, 200)), 200, 200);
    close(nearestOn(edge, at(-50, 200)), 0, 200);
  });

  test('goes along the base, the arc and the arm of a protractor', () => {
    const protractor: Guide = { ...RULER, kind: 'protractor', size: 160, arm: Math.PI / 6 };
    const arm = onBoard(protractor, { x: 160 * Math.cos(Math.PI / 6), y: -80 });
    expect(edgesOf(protractor).map(({ kind }) => kind)).toEqual(['line', 'line', 'arc']);
    const along = edgeNear(protractor, at((arm.x + 100) / 2, (arm.y + 200) / 2 - 3), 14);
    if (!along) throw new Error('no edge');
    const end = nearestOn(along, arm);
    close(end, arm.x, arm.y);
    const arc = edgeNear(protractor, at(100, 36), 14);
    if (!arc) throw new Error('no arc');
    close(nearestOn(arc, at(100, 0)), 100, 40);
    // Under the base is no arc: the nearer end of it.
    close(nearestOn(arc, at(300, 230)), 260, 200);
  });

  test('goes along all three sides of a set square', () => {
    const square: Guide = { ...RULER, kind: 'square' };
    expect(edgesOf(square)).toHaveLength(3);
    const leg = edgeNear(square, at(203, 303), 14);
    if (!leg) throw new Error('no edge');
    close(nearestOn(leg, at(220, 320)), 200, 300);
  });

  test('lengths are counted in squares of the grid', () => {
    expect(unitsOf(208)).toBe(5.2);
  });
});
