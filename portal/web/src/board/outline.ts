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

/** So many places lie on one side at first: those of a stroke of 256 points that is not all corners. */
const FIRST_PLACES = 2048;

/** Collects one side of an outline, flat. It is used again for every stroke, so that none leaves anything behind but its outline. */
class Side {
  flat = new Float64Array(2 * FIRST_PLACES);
  /** Numbers in it. */
  length = 0;

  /** Makes room for so many more places. */
  reserve(places: number): void {
    if (this.length + 2 * places > this.flat.length) {
      const larger = new Float64Array(2 * (this.flat.length + 2 * places));
      larger.set(this.flat);
      this.flat = larger;
    }
  }

  push(x: number, y: number): void {
    this.flat[this.length] = x;
    this.flat[this.length + 1] = y;
    this.length += 2;
  }

  /** A place turned about another one, the other way round where `way` is -1. */
  pushTurned(x: number, y: number, aboutX: number, aboutY: number, { sin, cos }: Turn, way = 1): void {
    const dx = x - aboutX;
    const dy = y - aboutY;
    this.push(dx * cos - way * dy * sin + aboutX, way * dx * sin + dy * cos + aboutY);
  }

  start(): this {
    this.length = 0;
    return this;
  }
}

/** Flat pairs, `length` numbers of them; of use until the next outline is traced. */
export type Traced = Pick<Side, 'flat' | 'length'>;

const leftSide = new Side();
const rightSide = new Side();
/** A side after a corner has room for another one. */
const MOST_AT_A_POINT = CORNER.length + 1;

const pressureAfter = (before: number, distance: number, size: number): number => {
  const speed = Math.min(1, distance / size);
  return Math.min(1, before + (1 - speed - before) * speed * RATE_OF_PRESSURE_CHANGE);
};

/** The way of a hand: flat pairs of px, and pressure 0…255 at each where its device tells it. */
export interface HandWay {
  readonly xy: Float64Array;
  /** Points of it. */
  readonly count: number;
  readonly pressures: ArrayLike<number> | null;
}

/** What stands for the pressure where the device tells none. */
const NO_PRESSURE = 127.5;

export function handWay(points: readonly StrokePoint[]): HandWay {
  const xy = new Float64Array(points.length * 2);
  const pressures = points[0] && points[0].pressure !== null ? new Float64Array(points.length) : null;
  for (let i = 0; i < points.length; i += 1) {
    const point = points[i];
    if (point) {
      xy[2 * i] = point.x;
      xy[2 * i + 1] = point.y;
      if (pressures) {
        pressures[i] = point.pressure ?? NO_PRESSURE;
      }
    }
  }
  return { xy, count: points.length, pressures };
}

/** The corners of the outline of a way of at least one point. */
export function traceOutline(hand: HandWay, options: OutlineOptions): Traced {
  const count = follow(spread(hand), options);
  const way = theWay;
  const at = (point: number, what: number): number => way[point * STRIDE + what] ?? 0;
  const { size, thinning, smoothing, simulatePressure } = options;
  const radiusAt = (pressure: number): number => size * (0.5 - thinning * (0.5 - pressure));

  let pressure = at(0, PRESSURE);
  for (let i = 0; i < Math.min(10, count); i += 1) {
    const now = simulatePressure ? pressureAfter(pressure, at(i, DISTANCE), size) : at(i, PRESSURE);
    pressure = (pressure + now) / 2;
  }
  const left = leftSide.start();
  const right = rightSide.start();
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
    left.reserve(MOST_AT_A_POINT);
    right.reserve(MOST_AT_A_POINT);
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
      leftX = left.flat[left.length - 2] ?? x;
      leftY = left.flat[left.length - 1] ?? y;
      rightX = right.flat[right.length - 2] ?? x;
      rightY = right.flat[right.length - 1] ?? y;
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

/** Where the way of one stroke after another is worked out. */
let theWay = new Float64Array(STRIDE * 256);

/**
 * Points that follow the hand a little behind, with direction, distance and the length of the way to each, into `theWay`.
 * Returns how many.
 */
function follow({ xy, count: given, pressures }: HandWay, { size, streamline }: OutlineOptions): number {
  if (theWay.length < given * STRIDE) {
    theWay = new Float64Array(2 * given * STRIDE);
  }
  const way = theWay;
  const pressureAt = (i: number): number => (pressures ? (pressures[i] ?? NO_PRESSURE) : NO_PRESSURE) / 255;
  const share = 0.15 + (1 - streamline) * 0.85;
  const last = given - 1;
  let x = xy[0] ?? 0;
  let y = xy[1] ?? 0;
  let run = 0;
  let isLongEnough = false;
  let count = 1;
  way[X] = x;
  way[Y] = y;
  way[PRESSURE] = pressureAt(0);
  way[DISTANCE] = 0;
  way[RUN] = 0;
  for (let i = 1; i <= last; i += 1) {
    const pointX = xy[2 * i] ?? 0;
    const pointY = xy[2 * i + 1] ?? 0;
    const toX = i === last ? pointX : x + (pointX - x) * share;
    const toY = i === last ? pointY : y + (pointY - y) * share;
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
    way[base + PRESSURE] = pressureAt(i);
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
  return count;
}

/** One point becomes two and two become five, so that there is a way. */
function spread(hand: HandWay): HandWay {
  const { xy, count, pressures } = hand;
  if (count === 0 || count > 2) {
    return hand;
  }
  const [ax = 0, ay = 0, bx = 0, by = 0] = xy;
  const first = pressures ? (pressures[0] ?? NO_PRESSURE) : NO_PRESSURE;
  if (count === 1) {
    return { xy: Float64Array.of(ax, ay, ax + 1, ay + 1), count: 2, pressures: [first, first] };
  }
  const between = [1, 2, 3, 4].flatMap((n) => [ax + (bx - ax) * (n / 4), ay + (by - ay) * (n / 4)]);
  return {
    xy: Float64Array.of(ax, ay, ...between),
    count: 5,
    pressures: [first, NO_PRESSURE, NO_PRESSURE, NO_PRESSURE, NO_PRESSURE],
  };
}

function dot(x: number, y: number, radius: number): Traced {
  const side = leftSide.start();
  const reach = radius * Math.SQRT1_2;
  for (const turn of DOT) {
    side.pushTurned(x + reach, y - reach, x, y, turn);
  }
  return side;
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
function closed(left: Side, right: Side, { startX, startY, endX, endY, acrossX, acrossY }: Caps): Traced {
  const back = right.flat;
  left.reserve(END.length + right.length / 2 + START.length);
  for (const turn of END) {
    left.pushTurned(endX + acrossX, endY + acrossY, endX, endY, turn);
  }
  for (let i = right.length - 2; i >= 0; i -= 2) {
    left.push(back[i] ?? 0, back[i + 1] ?? 0);
  }
  for (const turn of START) {
    left.pushTurned(back[0] ?? 0, back[1] ?? 0, startX, startY, turn);
  }
  return left;
}
