/**
 * The outline of a hand's stroke: the algorithm of perfect-freehand (Steve Ruiz, MIT), with the options that our strokes
 * have. The library makes some ten small arrays of each point, which is most of what opening a full page took; here there
 * are none. `outline.test.ts` holds it to the library, which the recorder's twin still uses.
 */

import type { StrokePoint } from './scene';

export interface OutlineOptions {
  /** Width of the pen, px, above 0. */
  readonly size: number;
  readonly thinning: number;
  readonly smoothing: number;
  readonly streamline: number;
  /** From the speed of the hand, where the device tells none. */
  readonly simulatePressure: boolean;
}

const RATE_OF_PRESSURE_CHANGE = 0.275;
/** A little more than half a turn, so that caps close. */
const HALF_TURN = Math.PI + 0.0001;
/** Shortly before its end a stroke is not bent any more, px. */
const NEAR_END = 3;
const THINNEST = 0.01;

/** The hand's way, smoothed: so many numbers a point. */
const STRIDE = 7;
const [X, Y, PRESSURE, VX, VY, DISTANCE, RUN] = [0, 1, 2, 3, 4, 5, 6];

interface Turn {
  readonly sin: number;
  readonly cos: number;
}

/** Round corners and ends are the same turns for every stroke. The library adds up the shares: so many come of it. */
function turns(steps: number, first: number, last: number, angle: number): readonly Turn[] {
  const found: Turn[] = [];
  for (let share = first; share <= last; share += 1 / steps) {
    found.push({ sin: Math.sin(angle * share), cos: Math.cos(angle * share) });
  }
  return found;
}

const CORNER = turns(13, 0, 1, HALF_TURN);
const START = turns(13, 1 / 13, 1, HALF_TURN);
const END = turns(29, 1 / 29, 1 - Number.EPSILON, 3 * HALF_TURN);
const DOT = turns(13, 1 / 13, 1, 2 * HALF_TURN);

/** Collects one side of the outline, flat. */
class Side {
  readonly flat: number[] = [];

  push(x: number, y: number): void {
    this.flat.push(x, y);
  }

  /** A place turned about another one, the other way round where `way` is -1. */
  pushTurned(x: number, y: number, aboutX: number, aboutY: number, { sin, cos }: Turn, way = 1): void {
    const dx = x - aboutX;
    const dy = y - aboutY;
    this.flat.push(dx * cos - way * dy * sin + aboutX, way * dx * sin + dy * cos + aboutY);
  }
}

const pressureAfter = (before: number, distance: number, size: number): number => {
  const speed = Math.min(1, distance / size);
  return Math.min(1, before + (1 - speed - before) * speed * RATE_OF_PRESSURE_CHANGE);
};

/** The corners of the outline of at least one point, as flat pairs. */
export function strokeOutline(points: readonly StrokePoint[], options: OutlineOptions): Float64Array {
  const way = smoothed(points, options);
  const count = way.length / STRIDE;
  const at = (point: number, what: number): number => way[point * STRIDE + what] ?? 0;
  const { size, thinning, smoothing, simulatePressure } = options;
  const radiusAt = (pressure: number): number => size * (0.5 - thinning * (0.5 - pressure));

  let pressure = at(0, PRESSURE);
  for (let i = 0; i < Math.min(10, count); i += 1) {
    const now = simulatePressure ? pressureAfter(pressure, at(i, DISTANCE), size) : at(i, PRESSURE);
    pressure = (pressure + now) / 2;
  }
  const left = new Side();
  const right = new Side();
  const apart = (size * smoothing) ** 2;
  const length = at(count - 1, RUN);
  let radius = radiusAt(at(count - 1, PRESSURE));
  let first = 0;
  let beforeX = at(0, VX);
  let beforeY = at(0, VY);
  let leftX = at(0, X);
  let leftY = at(0, Y);
  let rightX = leftX;
  let rightY = leftY;
  let wasSharp = false;
  for (let i = 0; i < count; i += 1) {
    const isLast = i === count - 1;
    if (!isLast && length - at(i, RUN) < NEAR_END) {
      continue;
    }
    const x = at(i, X);
    const y = at(i, Y);
    const vx = at(i, VX);
    const vy = at(i, VY);
    let now = at(i, PRESSURE);
    if (thinning !== 0) {
      now = simulatePressure ? pressureAfter(pressure, at(i, DISTANCE), size) : now;
      radius = radiusAt(now);
    } else {
      radius = size / 2;
    }
    radius = Math.max(THINNEST, radius);
    first ||= radius;
    const nextX = isLast ? vx : at(i + 1, VX);
    const nextY = isLast ? vy : at(i + 1, VY);
    const ahead = isLast ? 1 : vx * nextX + vy * nextY;
    if ((vx * beforeX + vy * beforeY < 0 && !wasSharp) || ahead < 0) {
      // A sharp corner is rounded on both sides.
      const acrossX = beforeY * radius;
      const acrossY = -beforeX * radius;
      for (const turn of CORNER) {
        left.pushTurned(x - acrossX, y - acrossY, x, y, turn);
        right.pushTurned(x + acrossX, y + acrossY, x, y, turn, -1);
      }
      leftX = left.flat.at(-2) ?? x;
      leftY = left.flat.at(-1) ?? y;
      rightX = right.flat.at(-2) ?? x;
      rightY = right.flat.at(-1) ?? y;
      wasSharp ||= ahead < 0;
      continue;
    }
    wasSharp = false;
    const acrossX = (nextY + (vy - nextY) * ahead) * radius;
    const acrossY = -(nextX + (vx - nextX) * ahead) * radius;
    const toLeftX = x - acrossX;
    const toLeftY = y - acrossY;
    const toRightX = x + acrossX;
    const toRightY = y + acrossY;
    if (isLast || i <= 1 || (leftX - toLeftX) ** 2 + (leftY - toLeftY) ** 2 > apart) {
      left.push(toLeftX, toLeftY);
      leftX = toLeftX;
      leftY = toLeftY;
    }
    if (isLast || i <= 1 || (rightX - toRightX) ** 2 + (rightY - toRightY) ** 2 > apart) {
      right.push(toRightX, toRightY);
      rightX = toRightX;
      rightY = toRightY;
    }
    pressure = now;
    beforeX = vx;
    beforeY = vy;
  }
  return count === 1
    ? dot(at(0, X), at(0, Y), first)
    : closed(left, right, {
        startX: at(0, X),
        startY: at(0, Y),
        endX: at(count - 1, X),
        endY: at(count - 1, Y),
        acrossX: -at(count - 1, VY) * radius,
        acrossY: at(count - 1, VX) * radius,
      });
}

/** Points that follow the hand a little behind, with direction, distance and the length of the way to each. */
function smoothed(points: readonly StrokePoint[], { size, streamline }: OutlineOptions): Float64Array {
  const given = spread(points);
  const share = 0.15 + (1 - streamline) * 0.85;
  const way = new Float64Array(given.length * STRIDE);
  const last = given.length - 1;
  let x = given[0]?.x ?? 0;
  let y = given[0]?.y ?? 0;
  let run = 0;
  let isLongEnough = false;
  let count = 1;
  way.set([x, y, pressureOf(given[0]) ?? 0.25, 1, 1, 0, 0]);
  for (let i = 1; i <= last; i += 1) {
    const point = given[i];
    if (!point) {
      break;
    }
    const toX = i === last ? point.x : x + (point.x - x) * share;
    const toY = i === last ? point.y : y + (point.y - y) * share;
    if (toX === x && toY === y) {
      continue;
    }
    const dx = x - toX;
    const dy = y - toY;
    const distance = Math.sqrt(dx * dx + dy * dy);
    run += distance;
    // What comes before the way is as long as the pen is wide would only shake.
    if (i < last && !isLongEnough) {
      if (run < size) {
        continue;
      }
      isLongEnough = true;
    }
    const base = count * STRIDE;
    way[base + X] = toX;
    way[base + Y] = toY;
    way[base + PRESSURE] = pressureOf(point) ?? 0.5;
    way[base + VX] = dx / distance;
    way[base + VY] = dy / distance;
    way[base + DISTANCE] = distance;
    way[base + RUN] = run;
    x = toX;
    y = toY;
    count += 1;
  }
  way[VX] = count > 1 ? (way[STRIDE + VX] ?? 0) : 0;
  way[VY] = count > 1 ? (way[STRIDE + VY] ?? 0) : 0;
  return way.subarray(0, count * STRIDE);
}

type Given = { readonly x: number; readonly y: number; readonly pressure: number | null };
const NO_PRESSURE = 127.5;
const pressureOf = (point: Given | undefined): number | null => (point ? (point.pressure ?? NO_PRESSURE) / 255 : null);

/** One point becomes two and two become five, so that there is a way. */
function spread(points: readonly StrokePoint[]): readonly Given[] {
  const [a, b] = points;
  if (!a || points.length > 2) {
    return points;
  }
  if (!b) {
    return [a, { x: a.x + 1, y: a.y + 1, pressure: a.pressure }];
  }
  const between = [1, 2, 3, 4].map((n) => ({
    x: a.x + (b.x - a.x) * (n / 4),
    y: a.y + (b.y - a.y) * (n / 4),
    pressure: null,
  }));
  return [a, ...between];
}

function dot(x: number, y: number, radius: number): Float64Array {
  const side = new Side();
  const reach = radius * Math.SQRT1_2;
  for (const turn of DOT) {
    side.pushTurned(x + reach, y - reach, x, y, turn);
  }
  return Float64Array.from(side.flat);
}

interface Caps {
  readonly startX: number;
  readonly startY: number;
  readonly endX: number;
  readonly endY: number;
  /** From the middle of the end to where its cap begins. */
  readonly acrossX: number;
  readonly acrossY: number;
}

/** Along the left side, round the end, back along the right side and round the start. */
function closed(left: Side, right: Side, { startX, startY, endX, endY, acrossX, acrossY }: Caps): Float64Array {
  const [end, start] = [new Side(), new Side()];
  for (const turn of END) {
    end.pushTurned(endX + acrossX, endY + acrossY, endX, endY, turn);
  }
  for (const turn of START) {
    start.pushTurned(right.flat[0] ?? 0, right.flat[1] ?? 0, startX, startY, turn);
  }
  const back = right.flat;
  const flat = new Float64Array(left.flat.length + end.flat.length + back.length + start.flat.length);
  flat.set(left.flat);
  flat.set(end.flat, left.flat.length);
  let to = left.flat.length + end.flat.length;
  for (let i = back.length - 2; i >= 0; i -= 2, to += 2) {
    flat[to] = back[i] ?? 0;
    flat[to + 1] = back[i + 1] ?? 0;
  }
  flat.set(start.flat, to);
  return flat;
}
