/**
 * Safari before 16.4 has no canvas off the page, or one without 2D: there a canvas element that is in no document does the
 * same. It may go when tablets that stopped at iOS 15 have gone from schools.
 */

type OffscreenClass = typeof OffscreenCanvas;

function hasOffscreen2d(): boolean {
  return typeof OffscreenCanvas === 'function' && new OffscreenCanvas(1, 1).getContext('2d') !== null;
}

/** Returned from a constructor, an object takes the place of what `new` has made. */
function CanvasOfThePage(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** Once, before the first board: `new OffscreenCanvas` works from then on. */
export function ensureOffscreenCanvas(): void {
  if (typeof document !== 'undefined' && !hasOffscreen2d()) {
    globalThis.OffscreenCanvas = CanvasOfThePage as unknown as OffscreenClass;
  }
}
