/**
 * Where ticks stand on an axis, and what is written at them. Pure, and the twin of `recorder/ticks.py`. Steps are fractions
 * of whole numbers, so that both languages write the same digits.
 */

import things from '@spec/things.json';

/** The way from tick to tick: `top` / `bottom`, of 1 or of π. `places`: decimals of its numbers; -1 writes them as fractions. */
export interface Step {
  readonly top: number;
  readonly bottom: number;
  readonly places: number;
  readonly isOfPi?: boolean;
}

const widthOf = ({ top, bottom, isOfPi }: Step): number => (isOfPi ? (top * Math.PI) / bottom : top / bottom);

/** One tick, so many steps from 0: a number, or (with `bottom`) a fraction, without their sign. */
export interface Tick {
  readonly number: number;
  readonly value: number;
  readonly top: string;
  readonly bottom: string;
}

const FRACTION = /^([0-9]{1,6})\/([0-9]{1,4})$/u;
const PI_STEP = /^([0-9]{0,6}) ?(?:π|pi)(?:\/([0-9]{1,4}))?$/u;
const DECIMAL = /^([0-9]{1,6})(?:[.,]([0-9]{1,4}))?$/u;
/** A tick that lies outside only by what floats round is inside. */
const SLACK = 1e-9;
const LEAST_EXPONENT = -7;
const MOST_EXPONENT = 6;

/** `1/3`, `0.5`, `2`, `π/2`; null for anything else, which leaves the choice to us. */
export function parseStep(text: string): Step | null {
  const plain = text.replace(/^ +| +$/gu, '');
  const ofPi = PI_STEP.exec(plain);
  if (ofPi) {
    const [top, bottom] = [Number(ofPi[1] || 1), Number(ofPi[2] ?? 1)];
    return top > 0 && bottom > 0 ? { top, bottom, places: -1, isOfPi: true } : null;
  }
  const fraction = FRACTION.exec(plain);
  if (fraction) {
    const [top, bottom] = [Number(fraction[1]), Number(fraction[2])];
    return top > 0 && bottom > 0 ? { top, bottom, places: -1 } : null;
  }
  const decimal = DECIMAL.exec(plain);
  if (decimal) {
    const digits = decimal[2] ?? '';
    const top = Number(`${decimal[1]}${digits}`);
    return top > 0 ? { top, bottom: 10 ** digits.length, places: digits.length } : null;
  }
  return null;
}

/** The smallest of 1, 2 and 5 times a power of ten that leaves so many px between ticks. */
function ownStep(span: number, lengthPx: number, leastPx: number): Step {
  let found: Step = { top: 1, bottom: 1, places: 0 };
  for (let exponent = LEAST_EXPONENT; exponent <= MOST_EXPONENT; exponent += 1) {
    for (const digit of [1, 2, 5]) {
      found =
        exponent < 0
          ? { top: digit, bottom: 10 ** -exponent, places: -exponent }
          : { top: digit * 10 ** exponent, bottom: 1, places: 0 };
      if ((lengthPx * found.top) / found.bottom / span >= leastPx) {
        return found;
      }
    }
  }
  return found;
}

/** The step that is written, or one of ours where that would leave no room between ticks. */
export function stepOf(text: string, span: number, lengthPx: number, leastPx: number): Step {
  const written = parseStep(text);
  if (!written) {
    return ownStep(span, lengthPx, leastPx);
  }
  const width = widthOf(written);
  const isDense = span / width > things.plot.ticks || (lengthPx * width) / span < things.plot.closest_px;
  return isDense ? ownStep(span, lengthPx, leastPx) : written;
}

/** All ticks between two values, with what is written at each. */
export function ticksOf(start: number, end: number, step: Step, isReduced: boolean): Tick[] {
  const placeOf = (value: number): number => (step.isOfPi ? value / widthOf(step) : (value * step.bottom) / step.top);
  const first = Math.ceil(placeOf(start) - SLACK);
  const last = Math.floor(placeOf(end) + SLACK);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => tickOf(first + i, step, isReduced));
}

function tickOf(place: number, step: Step, isReduced: boolean): Tick {
  // There is no negative nought.
  const number = place === 0 ? 0 : place;
  const count = Math.abs(number) * step.top;
  if (step.isOfPi) {
    const [top, bottom] = piFraction(count, step.bottom);
    return { number, value: number * widthOf(step), top, bottom };
  }
  const value = (number * step.top) / step.bottom;
  if (step.places < 0) {
    const [top, bottom] = fractionOf(count, step.bottom, isReduced);
    return { number, value, top, bottom };
  }
  const [whole, rest] = [Math.floor(count / step.bottom), count % step.bottom];
  const decimals = rest > 0 ? String(rest).padStart(step.places, '0').replace(/0+$/u, '') : '';
  return { number, value, top: decimals ? `${whole}.${decimals}` : String(whole), bottom: '' };
}

/** So many parts of π, in lowest terms: `π`, `2π`, `3π` above `2`. */
export function piFraction(top: number, bottom: number): [string, string] {
  const [upper, lower] = fractionOf(top, bottom, true);
  return upper === '0' ? ['0', ''] : [upper === '1' ? 'π' : `${upper}π`, lower];
}

/** What stands above and below the bar; whole numbers have no bar. */
export function fractionOf(top: number, bottom: number, isReduced: boolean): [string, string] {
  if (top % bottom === 0) {
    return [String(top / bottom), ''];
  }
  const shared = isReduced ? divisor(top, bottom) : 1;
  return [String(top / shared), String(bottom / shared)];
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
