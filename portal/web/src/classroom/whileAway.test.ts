import { describe, expect, test } from 'vitest';
import type { PageId, SessionId, ShapeId, UserId } from '../core/ids';
import { type AwaySummary, AwayWatch, awayWords } from './whileAway';

const MAIN = 'main' as PageId;
const [MAYA, LEO, OWN] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'] as SessionId[];
const PEOPLE: Record<string, { user: UserId; name: string }> = {
  [MAYA as string]: { user: 'u-maya' as UserId, name: 'Maya' },
  [LEO as string]: { user: 'u-leo' as UserId, name: 'Leo' },
  [OWN as string]: { user: 'u-own' as UserId, name: 'Own' },
};

interface Thing {
  id: ShapeId;
  page: PageId;
  createdMs: number;
  erased: boolean;
  type: 'draw' | 'text';
}

/** A board in memory, and the watch over it at a time of the test's choosing. */
class Desk {
  readonly things = new Map<ShapeId, Thing>();
  readonly pageIds: PageId[] = [MAIN];
  nowMs = 1_000_000;
  readonly watch: AwayWatch;

  constructor(lastTouchMs: number | null = null) {
    const board = {
      pages: () => this.pageIds.map((id) => ({ id })),
      shapes: (page: PageId) => [...this.things.values()].filter((one) => one.page === page && !one.erased),
      shape: (id: ShapeId) => this.things.get(id) ?? null,
    };
    this.watch = new AwayWatch(board, (session) => PEOPLE[session] ?? null, 'u-own' as UserId, lastTouchMs);
  }

  /** Time goes by, with or without a line. */
  pass(seconds: number, inTouch: boolean): void {
    for (let i = 0; i < seconds * 2; i++) {
      this.nowMs += 500;
      this.watch.beat(this.nowMs, inTouch);
    }
  }

  arrive(author: SessionId | undefined, n: number, agoMs: number, page = MAIN, type: Thing['type'] = 'draw'): ShapeId {
    const id = `${author}-${n}` as ShapeId;
    this.things.set(id, { id, page, createdMs: this.nowMs - agoMs, erased: false, type });
    this.watch.changed({ shapes: new Set([id]), pages: false, local: false }, this.nowMs);
    return id;
  }

  erase(id: ShapeId): void {
    const thing = this.things.get(id);
    if (thing) this.things.set(id, { ...thing, erased: true });
    this.watch.changed({ shapes: new Set([id]), pages: false, local: false }, this.nowMs);
  }
}

describe('what counts', () => {
  test('what comes after an absence and was made in it, by whom and where', () => {
    const desk = new Desk();
    desk.pass(5, true);
    const old = desk.arrive(MAYA, 1, 0);
    desk.pass(30, false);
    desk.pass(1, true);
    for (const n of [2, 3, 4]) desk.arrive(MAYA, n, 10_000);
    desk.pageIds.push(`${LEO}-1` as PageId);
    desk.watch.changed({ shapes: new Set(), pages: true, local: false }, desk.nowMs);
    desk.arrive(LEO, 2, 5_000, `${LEO}-1` as PageId);
    desk.erase(old);
    expect(desk.watch.takeNews()).toBe(true);
    expect(desk.watch.takeNews()).toBe(false);
    const summary = desk.watch.summary;
    expect(summary?.people).toEqual([
      { name: 'Maya', added: 3 },
      { name: 'Leo', added: 1 },
    ]);
    expect(summary?.pages.map(({ page, ids }) => [page, ids.length])).toEqual([
      [MAIN, 3],
      [`${LEO}-1`, 1],
    ]);
    expect([summary?.erased, summary?.newPages]).toEqual([1, 1]);
    expect(Math.round((summary?.awayMs ?? 0) / 1000)).toBe(31);
  });

  test('a short gap is nobody’s absence', () => {
    const desk = new Desk();
    desk.pass(5, true);
    desk.pass(8, false);
    desk.pass(1, true);
    desk.arrive(MAYA, 1, 4_000);
    expect(desk.watch.summary).toBeNull();
  });

  test('a line that went dark counts from when somebody was last heard', () => {
    const desk = new Desk();
    desk.pass(5, true);
    desk.watch.heard(desk.nowMs);
    desk.pass(7, true);
    desk.pass(5, false);
    desk.pass(1, true);
    desk.arrive(MAYA, 1, 5_000);
    expect(Math.round((desk.watch.summary?.awayMs ?? 0) / 1000)).toBe(13);
  });

  test('a page that was slow for a moment was not away, however quiet the room is', () => {
    const desk = new Desk();
    desk.watch.heard(desk.nowMs);
    desk.pass(30, true);
    desk.nowMs += 1_400;
    desk.pass(1, true);
    desk.arrive(MAYA, 1, 1_000);
    expect(desk.watch.summary).toBeNull();
  });

  test('what is drawn after the return, and one’s own work, are no news', () => {
    const desk = new Desk();
    desk.pass(5, true);
    desk.pass(20, false);
    desk.pass(4, true);
    desk.arrive(MAYA, 1, 0);
    desk.arrive(OWN, 1, 10_000);
    expect(desk.watch.summary).toBeNull();
  });

  test('late catching up counts while the relay still tells, and not for ever', () => {
    const desk = new Desk();
    desk.pass(5, true);
    desk.pass(20, false);
    desk.pass(7, true);
    desk.watch.synced(desk.nowMs);
    desk.pass(7, true);
    desk.arrive(MAYA, 1, 20_000);
    desk.pass(10, true);
    desk.arrive(MAYA, 2, 36_000);
    expect(desk.watch.summary?.people).toEqual([{ name: 'Maya', added: 1 }]);
  });

  test('a page that is opened again counts from when this device was last in touch', () => {
    const desk = new Desk(900_000);
    desk.pass(2, false);
    desk.pass(1, true);
    desk.arrive(LEO, 1, 60_000);
    expect(Math.round((desk.watch.summary?.awayMs ?? 0) / 1000)).toBe(103);
  });

  test('the first visit has missed nothing', () => {
    const desk = new Desk(null);
    desk.pass(1, true);
    desk.arrive(LEO, 1, 60_000);
    expect(desk.watch.summary).toBeNull();
  });

  test('what came and was erased again is not told', () => {
    const desk = new Desk();
    desk.pass(1, true);
    desk.pass(20, false);
    desk.pass(1, true);
    desk.erase(desk.arrive(MAYA, 1, 5_000));
    expect(desk.watch.summary).toBeNull();
  });

  test('once dismissed it is quiet until the next absence', () => {
    const desk = new Desk();
    desk.pass(1, true);
    desk.pass(20, false);
    desk.pass(1, true);
    desk.arrive(MAYA, 1, 5_000);
    desk.watch.dismiss();
    desk.arrive(MAYA, 2, 5_000);
    expect(desk.watch.summary).toBeNull();
    desk.pass(20, false);
    desk.pass(1, true);
    desk.arrive(MAYA, 3, 5_000);
    expect(desk.watch.summary?.people).toEqual([{ name: 'Maya', added: 1 }]);
  });
});

describe('words', () => {
  const summary = (change: Partial<AwaySummary>): AwaySummary => ({
    awayMs: 25_000,
    people: [],
    isInk: true,
    erased: 0,
    newPages: 0,
    pages: [],
    ...change,
  });
  const page = (ids: number) => ({
    page: `p${ids}` as PageId,
    ids: Array.from({ length: ids }, (_, n) => `${n}` as ShapeId),
  });

  test.each([
    [
      summary({ people: [{ name: 'Maya', added: 1 }], pages: [page(1)] }),
      'While you were away for 25 seconds, Maya added 1 stroke.',
    ],
    [
      summary({
        people: [
          { name: 'Maya', added: 12 },
          { name: 'Leo', added: 3 },
        ],
        pages: [page(12), page(3)],
      }),
      'While you were away for 25 seconds, Maya added 12 strokes and Leo 3, on 2 pages.',
    ],
    [
      summary({
        awayMs: 180_000,
        isInk: false,
        people: [{ name: 'Maya', added: 2 }],
        pages: [page(2)],
        erased: 4,
        newPages: 1,
      }),
      'While you were away for 3 minutes, Maya added 2 things; 1 page is new; 4 were erased.',
    ],
    [summary({ awayMs: 7_200_000, erased: 1 }), 'While you were away for 2 hours, 1 was erased.'],
    [
      summary({ people: [9, 4, 3, 2, 1].map((added) => ({ name: `P${added}`, added })), pages: [page(19)] }),
      'While you were away for 25 seconds, P9 added 9 strokes, P4 4, P3 3 and others 3.',
    ],
  ])('%#', (given, words) => expect(awayWords(given)).toBe(words));
});
