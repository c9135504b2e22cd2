import { beforeEach, describe, expect, test } from 'vitest';
import type { Box, Frame } from './camera';
import type { TileSource } from './paintJob';
import { type Entry, SpatialIndex } from './spatial';
import { FakeContext, stubCanvas } from './testCanvas';
import { TileLayer } from './tiles';

const FRAME: Frame = { scale: 1, originX: 0, originY: 0 };
const [WIDTH, HEIGHT] = [1024, 512];

class Source implements TileSource {
  readonly index = new SpatialIndex();
  readonly painted: { id: string; context: unknown }[] = [];

  inside(box: Box): readonly Entry[] {
    return this.index.inside(box);
  }

  bounds(): Box | null {
    return this.index.bounds();
  }

  paint(context: unknown, id: string): void {
    this.painted.push({ id, context });
  }

  /** Ids painted since the last call. */
  take(): string[] {
    return this.painted.splice(0).map(({ id }) => id);
  }
}

const entry = (id: string, minX: number, maxX: number): Entry => ({ id, index: id, minX, minY: 10, maxX, maxY: 20 });

describe('tiles', () => {
  let source: Source;
  let clock = 0;
  let tiles: TileLayer;

  beforeEach(() => {
    stubCanvas();
    source = new Source();
    clock = 0;
    tiles = new TileLayer(source, () => clock);
    tiles.settle(1);
  });

  const work = (budgetMs = 1000): boolean => tiles.work(FRAME, WIDTH, HEIGHT, budgetMs);

  /** How many tile bitmaps are drawn. */
  function composed(): { x: number; y: number }[] {
    const context = new FakeContext();
    tiles.compose(context as unknown as CanvasRenderingContext2D, FRAME, WIDTH, HEIGHT);
    return context.images.map(({ x, y }) => ({ x, y }));
  }

  test('a stroke across two tiles is painted into both, and blitted at whole tiles', () => {
    source.index.put(entry('a', 500, 530));
    expect(work()).toBe(true);
    expect(source.take()).toEqual(['a', 'a']);
    expect(composed()).toEqual([
      { x: 0, y: 0 },
      { x: 512, y: 0 },
    ]);
  });

  test('an empty page needs no bitmaps', () => {
    expect(work()).toBe(true);
    expect(composed()).toEqual([]);
  });

  test('a new stroke is painted alone, into the tile that it crosses', () => {
    source.index.put(entry('a', 0, 100));
    work();
    source.take();
    const added = entry('b', 600, 640);
    source.index.put(added);
    tiles.append('b', added);
    expect(source.take()).toEqual(['b']);
    expect(work()).toBe(true);
    expect(source.take()).toEqual([]);
  });

  test('what changed otherwise repaints only its tile', () => {
    source.index.load([entry('a', 0, 100), entry('b', 600, 640)]);
    work();
    source.take();
    tiles.invalidate(entry('a', 0, 100));
    work();
    expect(source.take()).toEqual(['a']);
  });

  test('a long repaint goes on in the next frame, and the old picture stays up meanwhile', () => {
    source.index.load(Array.from({ length: 100 }, (_, i) => entry(`s${String(i).padStart(3, '0')}`, 0, 100)));
    work();
    source.take();
    tiles.invalidate(entry('s000', 0, 100));
    // Each look at the clock costs 1 ms here.
    tiles = Object.assign(tiles, { now: () => clock++ });
    expect(work(3)).toBe(false);
    expect(source.take().length).toBeLessThan(100);
    expect(composed().length).toBe(1);
    let rounds = 0;
    while (!work(3)) {
      rounds += 1;
      expect(rounds).toBeLessThan(100);
    }
    expect(source.painted.length).toBeGreaterThan(0);
  });

  test('a stroke that comes during a repaint is not lost', () => {
    source.index.load(Array.from({ length: 40 }, (_, i) => entry(`s${String(i).padStart(3, '0')}`, 0, 100)));
    tiles = Object.assign(tiles, { now: () => clock++ });
    expect(work(2)).toBe(false);
    const late = entry('z', 0, 100);
    source.index.put(late);
    tiles.append('z', late);
    source.take();
    tiles = Object.assign(tiles, { now: () => 0 });
    expect(work()).toBe(true);
    expect(source.take().at(-1)).toBe('z');
  });

  test('first only what the frame shows is painted, then the rest of its tiles', () => {
    source.index.load([entry('seen', 600, 640), entry('unseen', 900, 940)]);
    expect(tiles.work(FRAME, 700, HEIGHT, 1000)).toBe(true);
    expect(source.take()).toEqual(['seen']);
    tiles.workAhead(FRAME, 700, HEIGHT, 1000);
    expect(source.take()).toContain('unseen');
    expect(work()).toBe(true);
    expect(source.take()).toEqual([]);
  });

  test('a small change paints only what meets its box', () => {
    source.index.load([entry('a', 0, 100), entry('b', 300, 340)]);
    work();
    source.take();
    tiles.invalidate(entry('b', 300, 340));
    expect(work()).toBe(true);
    expect(source.take()).toEqual(['b']);
  });

  test('many changes at once paint the tile anew, once', () => {
    source.index.load(Array.from({ length: 40 }, (_, i) => entry(`s${String(i).padStart(3, '0')}`, 0, 100)));
    work();
    source.take();
    for (let i = 0; i < 40; i += 1) {
      tiles.invalidate(entry('s', 0, 100));
    }
    expect(work()).toBe(true);
    expect(source.take().length).toBe(40);
  });

  test('after a zoom the stretched old tiles stand in until the new ones are painted', () => {
    source.index.put(entry('a', 0, 100));
    work();
    tiles.settle(2);
    const frame: Frame = { scale: 2, originX: 0, originY: 0 };
    const context = new FakeContext();
    tiles.compose(context as unknown as CanvasRenderingContext2D, frame, WIDTH, HEIGHT);
    expect(context.images.length).toBeGreaterThan(0);
    expect(tiles.work(frame, WIDTH, HEIGHT, 1000)).toBe(true);
  });
});
