/** Turning points and boxes about a point. Pure; radians, clockwise on the screen. */

import type { Box, Point } from './camera';

export function turned(point: Point, about: Point, angle: number): Point {
  if (angle === 0) {
    return { x: point.x, y: point.y };
  }
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [dx, dy] = [point.x - about.x, point.y - about.y];
  return { x: about.x + dx * cos - dy * sin, y: about.y + dx * sin + dy * cos };
}

export function cornersOfBox({ minX, minY, maxX, maxY }: Box): [Point, Point, Point, Point] {
  return [
    { x: minX, y: minY },
    { x: maxX, y: minY },
    { x: maxX, y: maxY },
    { x: minX, y: maxY },
  ];
}

/** The upright box around a box that was turned. */
export function turnedBox(box: Box, about: Point, angle: number): Box {
  return angle === 0 ? box : boxAround(cornersOfBox(box).map((corner) => turned(corner, about, angle)));
}

/** The smallest box around points; there must be one. */
export function boxAround(points: readonly Point[]): Box {
  const box = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (const { x, y } of points) {
    box.minX = Math.min(box.minX, x);
    box.minY = Math.min(box.minY, y);
    box.maxX = Math.max(box.maxX, x);
    box.maxY = Math.max(box.maxY, y);
  }
  return box;
}
