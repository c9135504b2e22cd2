import type { LiveStroke } from '../board/liveLayer';
import type { StrokePoint } from '../board/scene';
import { ProtocolError } from '../core/errors';
import type { PageId, ShapeId } from '../core/ids';
import { decodeInk, type InkPoint } from '../core/ink';
import type { StrokeShape } from '../core/shape';

/** A stroke and when the hand wrote it: it is written from `from_ms` on and stands from `to_ms` (its arrival) on. */
export interface WrittenStroke {
  readonly shape: StrokeShape;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** A single stroke is at most this long on screen; more is a pen that was left lying. */
const LONGEST_STROKE_MS = 20_000;
/** Work that arrived this much later than it was done was done offline: it appears at once, as it did in the lesson. */
export const LATE_MS = 3_000;

/** Writing time of ink in ms. 0 without a time column, or for an unreadable blob. */
function inkDuration(ink: Uint8Array): number {
  return Math.min(LONGEST_STROKE_MS, inkPoints(ink).at(-1)?.t ?? 0);
}

function inkPoints(ink: Uint8Array): readonly InkPoint[] {
  try {
    return decodeInk(ink).points;
  } catch (error) {
    if (error instanceof ProtocolError) {
      return [];
    }
    throw error;
  }
}

/**
 * When each of the strokes of one update was written. A stroke of more than 256 points comes as several shapes in one
 * update (docs/board.md, "Ink blob"), so they follow one another and the last ends at the arrival.
 */
function writingTimes(strokes: readonly StrokeShape[], arrival_ms: number): WrittenStroke[] {
  const written: WrittenStroke[] = [];
  let to_ms = arrival_ms;
  for (const shape of strokes.toReversed()) {
    const duration = inkDuration(shape.ink);
    written.push({ shape, from_ms: to_ms - duration, to_ms });
    to_ms -= duration;
  }
  return written.reverse();
}

/** Every stroke of a lesson with a writing time, ordered by its arrival. */
export class Writing {
  readonly #strokes: (WrittenStroke & { readonly stands_ms: number })[] = [];
  readonly #points = new Map<ShapeId, readonly InkPoint[]>();

  /** Times must not go back; `arrival_ms` is when the update that holds all of them came. */
  add(strokes: readonly StrokeShape[], arrival_ms: number): void {
    for (const written of writingTimes(strokes, arrival_ms)) {
      if (written.to_ms > written.from_ms) {
        this.#strokes.push({ ...written, stands_ms: arrival_ms });
      }
    }
  }

  clear(): void {
    this.#strokes.length = 0;
    this.#points.clear();
  }

  /** The strokes under the pens of a page at a moment: as far as they were written by then. */
  at(t_ms: number, page: PageId, colourOf?: (shape: StrokeShape) => string): LiveStroke[] {
    const live: LiveStroke[] = [];
    const seen = new Set<ShapeId>();
    for (let i = this.#firstAfter(t_ms); i < this.#strokes.length; i += 1) {
      const stroke = this.#strokes[i];
      if (!stroke || stroke.stands_ms > t_ms + LONGEST_STROKE_MS * 4) {
        break;
      }
      const { shape, from_ms, to_ms } = stroke;
      if (shape.page !== page || from_ms > t_ms) {
        continue;
      }
      seen.add(shape.id);
      const points = this.#pointsUntil(shape, to_ms === from_ms ? 1 : (t_ms - from_ms) / (to_ms - from_ms));
      const colour = colourOf?.(shape) ?? shape.colour;
      live.push({ key: shape.id, kind: shape.type, colour, size: shape.size, points });
    }
    for (const id of this.#points.keys()) {
      if (!seen.has(id)) {
        this.#points.delete(id);
      }
    }
    return live;
  }

  /** The points written by a share of the stroke's time, in board px. */
  #pointsUntil(shape: StrokeShape, share: number): StrokePoint[] {
    let points = this.#points.get(shape.id);
    if (!points) {
      points = inkPoints(shape.ink);
      this.#points.set(shape.id, points);
    }
    const until = Math.min(1, share) * (points.at(-1)?.t ?? 0);
    const written: StrokePoint[] = [];
    for (const point of points) {
      if ((point.t ?? 0) > until) {
        break;
      }
      written.push({ x: shape.x + point.x, y: shape.y + point.y, pressure: point.pressure });
    }
    return written;
  }

  #firstAfter(t_ms: number): number {
    let low = 0;
    let high = this.#strokes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#strokes[middle]?.stands_ms ?? 0) <= t_ms) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
