/** Frames, handles and bands that tools draw above the board. Board px; sizes that stay the same on the screen take the zoom. */

import { type Box, growBox, type Point } from './camera';
import type { Sketch } from './liveLayer';
import { type Grip, gripCorners } from './transform';
import { boxAround } from './turn';

const BLUE = '#2f6fd6';
const WHITE = '#ffffff';
const HANDLE_PX = 9;

function wayOf(context: CanvasRenderingContext2D, points: readonly Point[], isClosed: boolean): void {
  context.beginPath();
  for (const [i, { x, y }] of points.entries()) {
    if (i === 0) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x, y);
    }
  }
  if (isClosed) {
    context.closePath();
  }
}

/** The frame around what is chosen; dashed where it cannot be changed. */
export function gripSketch(grip: Grip, zoom: number, isLocked: boolean): Sketch {
  const corners = gripCorners(grip);
  return {
    box: growBox(boxAround(corners), 4 / zoom),
    paint(context, scale) {
      wayOf(context, corners, true);
      context.strokeStyle = isLocked ? '#8a8f98' : BLUE;
      context.lineWidth = 1.5 / scale;
      context.setLineDash(isLocked ? [6 / scale, 4 / scale] : []);
      context.stroke();
      context.setLineDash([]);
    },
  };
}

/** A round handle; what is hit around it is larger than what is seen. */
export function handleSketch(at: Point, zoom: number, isFilled = false): Sketch {
  const radius = HANDLE_PX / 2 / zoom;
  return {
    box: growBox({ minX: at.x, minY: at.y, maxX: at.x, maxY: at.y }, radius + 2 / zoom),
    paint(context, scale) {
      context.beginPath();
      context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      context.fillStyle = isFilled ? BLUE : WHITE;
      context.fill();
      context.strokeStyle = isFilled ? WHITE : BLUE;
      context.lineWidth = 1.5 / scale;
      context.stroke();
    },
  };
}

/** The first sides of a polygon. */
export function waySketch(points: readonly Point[], zoom: number): Sketch {
  return {
    box: growBox(boxAround(points), 3 / zoom),
    paint(context, scale) {
      wayOf(context, points, false);
      context.strokeStyle = BLUE;
      context.lineWidth = 1.5 / scale;
      context.stroke();
    },
  };
}

/** A way that a finger draws: a lasso or the band of a selection. */
export function bandSketch(points: readonly Point[], zoom: number): Sketch {
  return {
    box: growBox(boxAround(points), 3 / zoom),
    paint(context, scale) {
      wayOf(context, points, true);
      context.fillStyle = 'rgb(47 111 214 / 10%)';
      context.fill();
      context.strokeStyle = BLUE;
      context.lineWidth = 1.5 / scale;
      context.stroke();
    },
  };
}

/** What an arrow's end would be bound to. */
export function outlineSketch(box: Box | null, zoom: number): Sketch {
  const around = growBox(box ?? { minX: 0, minY: 0, maxX: 0, maxY: 0 }, 3 / zoom);
  return {
    box: growBox(around, 3 / zoom),
    paint(context, scale) {
      context.strokeStyle = BLUE;
      context.lineWidth = 2 / scale;
      context.setLineDash([4 / scale, 4 / scale]);
      context.strokeRect(around.minX, around.minY, around.maxX - around.minX, around.maxY - around.minY);
      context.setLineDash([]);
    },
  };
}

/** The end of an eraser. */
export function tipSketch(tip: Point, radius: number): Sketch {
  return {
    box: growBox({ minX: tip.x, minY: tip.y, maxX: tip.x, maxY: tip.y }, radius * 1.3),
    paint(context, scale) {
      context.beginPath();
      context.arc(tip.x, tip.y, radius, 0, 2 * Math.PI);
      context.fillStyle = 'rgb(255 255 255 / 55%)';
      context.fill();
      context.lineWidth = Math.max(1, scale) / scale;
      context.strokeStyle = '#6b7280';
      context.stroke();
    },
  };
}
