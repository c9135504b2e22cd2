/** Ruler, set square, protractor and compass: where their edges are, and where a pen beside one goes. Pure; board px. */

import type { Point } from '../camera';
import { turned } from '../turn';

export type GuideKind = 'ruler' | 'square' | 'protractor' | 'compass';

/** One that lies on the board. */
export interface Guide {
  readonly kind: GuideKind;
  /** Its origin: the middle of the ruler's or square's long edge, the centre of the protractor or compass. */
  readonly x: number;
  readonly y: number;
  /** Radians, clockwise. */
  readonly angle: number;
  /** Length of the long edge, or the radius. */
  readonly size: number;
  /** How broad a ruler is. */
  readonly depth: number;
  /** Where a protractor's arm or a compass's pencil points, radians counter-clockwise from the base. */
  readonly arm: number;
}

export type Edge =
  | { readonly kind: 'line'; readonly a: Point; readonly b: Point }
  /** From `from` on, so many radians clockwise; 2π is all round. */
  | {
      readonly kind: 'arc';
      readonly centre: Point;
      readonly radius: number;
      readonly from: number;
      readonly sweep: number;
    };

/** A square of the grid: what lengths are counted in. */
export const UNIT_PX = 40;
/** The arm of a protractor reaches beyond its arc. */
export const ARM_REACH = 1.25;
const FULL_TURN = 2 * Math.PI;

/** From the guide's own place to the board. */
export function onBoard(guide: Guide, { x, y }: Point): Point {
  return turned({ x: guide.x + x, y: guide.y + y }, guide, guide.angle);
}

/** Corners of a ruler or a set square in its own place; the long edge comes first. */
export function cornersOfGuide({ kind, size, depth }: Guide): Point[] {
  const half = size / 2;
  if (kind === 'square') {
    return [
      { x: -half, y: 0 },
      { x: half, y: 0 },
      { x: 0, y: half },
    ];
  }
  return [
    { x: -half, y: 0 },
    { x: half, y: 0 },
    { x: half, y: depth },
    { x: -half, y: depth },
  ];
}

/** Where the arm of a protractor ends, in its own place. */
export const armEnd = ({ size, arm }: Guide, reach: number): Point => ({
  x: size * reach * Math.cos(arm),
  y: -size * reach * Math.sin(arm),
});

export function edgesOf(guide: Guide): Edge[] {
  const { size, angle } = guide;
  const centre = { x: guide.x, y: guide.y };
  const line = (a: Point, b: Point): Edge => ({ kind: 'line', a: onBoard(guide, a), b: onBoard(guide, b) });
  const corners = cornersOfGuide(guide);
  const [a, b, c, d] = corners as [Point, Point, Point, Point | undefined];
  switch (guide.kind) {
    case 'ruler':
      return [line(a, b), line(d ?? a, c)];
    case 'square':
      return [line(a, b), line(b, c), line(c, a)];
    case 'protractor':
      return [
        line({ x: 0, y: 0 }, armEnd(guide, ARM_REACH)),
        line({ x: -size, y: 0 }, { x: size, y: 0 }),
        { kind: 'arc', centre, radius: size, from: angle - Math.PI, sweep: Math.PI },
      ];
    case 'compass':
      return [{ kind: 'arc', centre, radius: size, from: 0, sweep: FULL_TURN }];
  }
}

/** The place on an edge that is nearest to a point. */
export function nearestOn(edge: Edge, point: Point): Point {
  if (edge.kind === 'line') {
    const { a, b } = edge;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const long = dx * dx + dy * dy;
    const t = long === 0 ? 0 : Math.min(1, Math.max(0, ((point.x - a.x) * dx + (point.y - a.y) * dy) / long));
    return { x: a.x + t * dx, y: a.y + t * dy };
  }
  const { centre, radius, from, sweep } = edge;
  const along = wrapped(Math.atan2(point.y - centre.y, point.x - centre.x) - from);
  // Beyond both ends of an arc, the nearer one.
  const held = along <= sweep ? along : along - sweep < FULL_TURN - along ? sweep : 0;
  return { x: centre.x + radius * Math.cos(from + held), y: centre.y + radius * Math.sin(from + held) };
}

/** The edge within reach (board px) of a point; null for none. */
export function edgeNear(guide: Guide, point: Point, reach: number): Edge | null {
  let [found, least]: [Edge | null, number] = [null, reach];
  for (const edge of edgesOf(guide)) {
    const at = nearestOn(edge, point);
    const far = Math.hypot(at.x - point.x, at.y - point.y);
    if (far <= least) {
      [found, least] = [edge, far];
    }
  }
  return found;
}

const wrapped = (angle: number): number => ((angle % FULL_TURN) + FULL_TURN) % FULL_TURN;

/** Whole degrees as they are said: 0…359 counter-clockwise for the way a guide lies. */
export const degreesOf = (radians: number): number => Math.round((wrapped(radians) * 180) / Math.PI) % 360;
export const radiansOf = (degrees: number): number => (degrees * Math.PI) / 180;

/** Squares of the grid, to one decimal. */
export const unitsOf = (px: number): number => Math.round((px / UNIT_PX) * 10) / 10;

/** An angle at whole degrees: a hand is not finer than that. */
export const wholeDegrees = (radians: number): number => radiansOf(Math.round((radians * 180) / Math.PI));
