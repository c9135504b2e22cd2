/**
 * Where the viewer stands over an infinite page. Pure: no DOM, no clock.
 *
 * Board px are the units of shapes; screen px are CSS px from the viewport's top-left corner; device px are the canvas's own.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** The visible rectangle of the page. `width`, `height` in CSS px. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
  /** Device px per CSS px. */
  readonly ratio: number;
}

/** `x`, `y`: the board point in the viewport's top-left corner; `zoom`: CSS px per board px. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The camera in device px, with the origin on a whole pixel so that tiles are blitted without resampling. */
export interface Frame {
  /** Device px per board px. */
  readonly scale: number;
  /** Device px of the board's origin. */
  readonly originX: number;
  readonly originY: number;
}

export const MIN_ZOOM = 0.1;
export const MAX_ZOOM = 8;

/** What a new page shows: the sheet that everyone starts with, and that a recording shows. */
export const HOME_BOX: Box = { minX: 0, minY: 0, maxX: 1600, maxY: 900 };

function clampZoom(zoom: number): number {
  return Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
}

export function toBoard(camera: Camera, screen: Point): Point {
  return { x: camera.x + screen.x / camera.zoom, y: camera.y + screen.y / camera.zoom };
}

export function toScreen(camera: Camera, board: Point): Point {
  return { x: (board.x - camera.x) * camera.zoom, y: (board.y - camera.y) * camera.zoom };
}

export function frameOf(camera: Camera, viewport: Viewport): Frame {
  const scale = camera.zoom * viewport.ratio;
  return { scale, originX: Math.round(-camera.x * scale), originY: Math.round(-camera.y * scale) };
}

/** The part of the board that the viewport shows. */
export function visibleBox(camera: Camera, viewport: Viewport): Box {
  return {
    minX: camera.x,
    minY: camera.y,
    maxX: camera.x + viewport.width / camera.zoom,
    maxY: camera.y + viewport.height / camera.zoom,
  };
}

/** Moves the page under the finger by a distance in screen px. */
export function panBy(camera: Camera, dxScreen: number, dyScreen: number): Camera {
  return { ...camera, x: camera.x - dxScreen / camera.zoom, y: camera.y - dyScreen / camera.zoom };
}

/** Zooms by a factor while the board point under `anchor` (screen px) stays where it is. */
export function zoomAt(camera: Camera, anchor: Point, factor: number): Camera {
  const zoom = clampZoom(camera.zoom * factor);
  const held = toBoard(camera, anchor);
  return { x: held.x - anchor.x / zoom, y: held.y - anchor.y / zoom, zoom };
}

/** Two fingers at once: the board points under both fingers stay under them. */
export function pinch(camera: Camera, before: readonly [Point, Point], after: readonly [Point, Point]): Camera {
  const spanBefore = Math.hypot(before[1].x - before[0].x, before[1].y - before[0].y);
  const spanAfter = Math.hypot(after[1].x - after[0].x, after[1].y - after[0].y);
  const middleBefore = { x: (before[0].x + before[1].x) / 2, y: (before[0].y + before[1].y) / 2 };
  const middleAfter = { x: (after[0].x + after[1].x) / 2, y: (after[0].y + after[1].y) / 2 };
  const moved = panBy(camera, middleAfter.x - middleBefore.x, middleAfter.y - middleBefore.y);
  return spanBefore < 1 ? moved : zoomAt(moved, middleAfter, spanAfter / spanBefore);
}

/** On a tall screen the box stands in the upper part, where the eye is; the rest is room to go on. */
const SHARE_ABOVE = 0.25;

/** Shows the whole box, centred across, with a margin in CSS px. */
export function fitBox(box: Box, viewport: Viewport, marginPx = 0): Camera {
  const width = Math.max(1, box.maxX - box.minX);
  const height = Math.max(1, box.maxY - box.minY);
  const roomX = Math.max(1, viewport.width - 2 * marginPx);
  const roomY = Math.max(1, viewport.height - 2 * marginPx);
  const zoom = clampZoom(Math.min(roomX / width, roomY / height));
  return {
    x: (box.minX + box.maxX) / 2 - viewport.width / zoom / 2,
    y: box.minY - (marginPx + SHARE_ABOVE * (roomY - height * zoom)) / zoom,
    zoom,
  };
}

/** Keeps the middle of the view in the middle when the viewport changes its size. */
export function resizeAround(camera: Camera, before: Viewport, after: Viewport): Camera {
  return {
    ...camera,
    x: camera.x + (before.width - after.width) / camera.zoom / 2,
    y: camera.y + (before.height - after.height) / camera.zoom / 2,
  };
}

export function boxesMeet(a: Box, b: Box): boolean {
  return a.minX <= b.maxX && b.minX <= a.maxX && a.minY <= b.maxY && b.minY <= a.maxY;
}

export function unionBox(a: Box | null, b: Box | null): Box | null {
  if (!a || !b) {
    return a ?? b;
  }
  return {
    minX: Math.min(a.minX, b.minX),
    minY: Math.min(a.minY, b.minY),
    maxX: Math.max(a.maxX, b.maxX),
    maxY: Math.max(a.maxY, b.maxY),
  };
}

export function growBox(box: Box, by: number): Box {
  return { minX: box.minX - by, minY: box.minY - by, maxX: box.maxX + by, maxY: box.maxY + by };
}
