/** The board where there is neither idle time nor a canvas off the page, as in Safari. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Doc } from 'yjs';
import { Board } from '../core/board';
import { asSessionId, MAIN_PAGE } from '../core/ids';
import { BoardView } from './BoardView';
import { ensureOffscreenCanvas } from './canvasShim';
import { stopIdle, whenIdle } from './idle';

/** A 2D context that takes everything and counts what it fills. */
function contextFor(canvas: Canvas): unknown {
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === 'measureText') return () => ({ width: 10 });
        if (name === 'getImageData') return () => ({ data: new Uint8ClampedArray(4) });
        return () => {
          canvas.calls += 1;
        };
      },
      set: () => true,
    },
  );
}

class Canvas extends EventTarget {
  width = 0;
  height = 0;
  calls = 0;
  className = '';
  tabIndex = -1;
  readonly dataset: Record<string, string> = {};
  private readonly context = contextFor(this);
  getContext(): unknown {
    return this.context;
  }
  setAttribute(): void {}
  remove(): void {}
}

let canvases: Canvas[];
let frames: (() => void)[];

function runFrames(): void {
  for (const run of frames.splice(0)) run();
}

beforeEach(() => {
  canvases = [];
  frames = [];
  vi.useFakeTimers();
  const page = {
    createElement: () => {
      canvases.push(new Canvas());
      return canvases.at(-1);
    },
    defaultView: { devicePixelRatio: 1 },
  };
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal(
    'Path2D',
    class {
      moveTo(): void {}
      lineTo(): void {}
      quadraticCurveTo(): void {}
      closePath(): void {}
      rect(): void {}
      addPath(): void {}
    },
  );
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
  vi.stubGlobal('cancelAnimationFrame', () => {});
  vi.stubGlobal('requestIdleCallback', undefined);
  vi.stubGlobal('cancelIdleCallback', undefined);
  vi.stubGlobal('OffscreenCanvas', undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('without requestIdleCallback work is done between timers, with a bound, and can be stopped', () => {
  const lefts: number[] = [];
  whenIdle((leftMs) => lefts.push(leftMs));
  stopIdle(whenIdle((leftMs) => lefts.push(-leftMs)));
  vi.runAllTimers();
  expect(lefts).toHaveLength(1);
  expect(lefts[0]).toBeGreaterThan(2);
});

test('without OffscreenCanvas a page is painted, sharpened, painted ahead and put away', () => {
  ensureOffscreenCanvas();
  const board = new Board(new Doc());
  board.setAuthor(asSessionId('00000000000000aa'));
  const stroke = { page: MAIN_PAGE, kind: 'draw', colour: 'red', size: 4, nowMs: 0 } as const;
  for (let i = 0; i < 60; i += 1) {
    const points = [0, 20, 40].map((far) => ({ x: 20 * i + far, y: 10 * i + far, pressure: null, t: null }));
    board.addStroke({ ...stroke, points });
  }
  const host = {
    ownerDocument: globalThis.document,
    append: () => {},
    getBoundingClientRect: () => ({ width: 800, height: 450 }),
  } as unknown as HTMLElement;
  const view = new BoardView(host, { theme: 'light', label: 'Whiteboard' });
  view.show(board, MAIN_PAGE);
  for (let i = 0; i < 50 && !view.isSettled; i += 1) {
    runFrames();
    vi.advanceTimersByTime(20);
  }
  expect(view.isSettled).toBe(true);
  expect(canvases.length).toBeGreaterThan(2);
  expect(canvases.slice(2).some(({ calls }) => calls > 60)).toBe(true);
  view.setCamera({ x: 100, y: 0, zoom: 2 });
  for (let i = 0; i < 50 && !view.isSettled; i += 1) {
    vi.advanceTimersByTime(20);
    runFrames();
  }
  expect(view.isSettled).toBe(true);
  for (let i = 0; i < 500 && vi.getTimerCount() > 0; i += 1) {
    vi.advanceTimersByTime(20);
    runFrames();
  }
  expect(vi.getTimerCount()).toBe(0);
  view.destroy();
});

test('where the browser has both they are left alone', () => {
  const own = class {
    getContext(): object {
      return {};
    }
  };
  vi.stubGlobal('OffscreenCanvas', own);
  ensureOffscreenCanvas();
  expect(globalThis.OffscreenCanvas).toBe(own);
});
