/** The way that a laser went in the last second. */

import { growBox, type Point } from './camera';
import type { Sketch } from './liveLayer';
import { boxAround } from './turn';

const FADE_MS = 900;
const MOST_POINTS = 200;
const WIDTH_PX = 5;

interface Spot extends Point {
  readonly atMs: number;
  /** Nothing is drawn from the spot before: the laser was off. */
  readonly isFirst: boolean;
}

export class Trail {
  private spots: Spot[] = [];
  private isLifted = true;

  add({ x, y }: Point, nowMs: number): void {
    this.spots.push({ x, y, atMs: nowMs, isFirst: this.isLifted });
    this.isLifted = false;
    this.spots = this.spots.slice(-MOST_POINTS);
  }

  lift(): void {
    this.isLifted = true;
  }

  /** What has not faded. */
  seen(nowMs: number): readonly Spot[] {
    this.spots = this.spots.filter(({ atMs }) => nowMs - atMs < FADE_MS);
    return this.spots;
  }
}

/** null when all of it has faded. */
export function trailSketch(trail: Trail, nowMs: number, colour: string, zoom: number): Sketch | null {
  const spots = trail.seen(nowMs);
  if (spots.length === 0) {
    return null;
  }
  return {
    box: growBox(boxAround(spots), (2 * WIDTH_PX) / zoom),
    paint(context) {
      context.lineCap = 'round';
      context.strokeStyle = colour;
      for (const [i, spot] of spots.entries()) {
        const before = spot.isFirst ? spot : (spots[i - 1] ?? spot);
        const left = 1 - (nowMs - spot.atMs) / FADE_MS;
        context.globalAlpha = left;
        context.lineWidth = (WIDTH_PX * (0.4 + 0.6 * left)) / zoom;
        context.beginPath();
        context.moveTo(before.x, before.y);
        context.lineTo(spot.x, spot.y);
        context.stroke();
      }
      context.globalAlpha = 1;
    },
  };
}
