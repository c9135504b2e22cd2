import { describe, expect, it, vi } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { Board } from '../../core/board';
import type { Bytes } from '../../core/bytes';
import { ProtocolError } from '../../core/errors';
import { asSessionId, MAIN_PAGE } from '../../core/ids';
import { PortalError } from '../../net/portal';
import type { UpdateRecord } from '../timeline';
import { DifferenceSource, differenceOf, wordsOf } from './difference';
import { parseBoard, parseBoards } from './facts';
import { Fork } from './fork';
import { Keeper } from './keeper';

const TUTOR = asSessionId('00000000000000aa');
const STUDENT = asSessionId('00000000000000bb');

const point = (x: number) => ({ x, y: 5, pressure: 100, t: 0 });
const stroke = (x: number) =>
  ({ page: MAIN_PAGE, points: [point(x), point(x + 9)], kind: 'draw', colour: 'blue', size: 4, nowMs: 0 }) as const;

/** A lesson in which the tutor drew one stroke a second, the first at 1 s. */
function lesson(strokes: number): UpdateRecord[] {
  const doc = new Doc();
  const board = new Board(doc);
  board.setAuthor(TUTOR);
  return Array.from({ length: strokes }, (_, i) => {
    const vector = encodeStateVector(doc);
    board.addStroke(stroke(i * 20));
    const update = new Uint8Array(encodeStateAsUpdate(doc, vector));
    const t_ms = (i + 1) * 1_000;
    return { kind: 'update', t_ms, doc: 'board', user: '', session: TUTOR, seq: i + 1, authored_ms: t_ms, update };
  });
}

function student(fork: Fork): Board {
  const board = new Board(fork.doc);
  board.setAuthor(STUDENT);
  return board;
}

describe('a fork', () => {
  it('is the board of that moment, and its work is only what came since', () => {
    const updates = lesson(5);
    const fork = new Fork(updates, 3_000);
    const board = student(fork);
    expect(board.shapes(MAIN_PAGE)).toHaveLength(3);
    const [mine] = board.addStroke(stroke(500));
    const again = new Fork(updates, 3_000);
    again.take(fork.work());
    expect(new Board(again.doc).shapes(MAIN_PAGE).map(({ id }) => id)).toContain(mine);
    const bare = new Doc();
    applyUpdate(bare, fork.work());
    expect(new Board(bare).shapes(MAIN_PAGE).map(({ id }) => id)).toEqual([mine]);
  });

  it('keeps what was done in several sittings', () => {
    const updates = lesson(2);
    let work: Bytes = new Uint8Array([0, 0]);
    for (const at of [300, 400, 500]) {
      const fork = new Fork(updates, 2_000);
      fork.take(work);
      student(fork).addStroke(stroke(at));
      work = fork.work();
    }
    const last = new Fork(updates, 2_000);
    last.take(work);
    expect(new Set(new Board(last.doc).shapes(MAIN_PAGE).map(({ id }) => id)).size).toBe(5);
  });

  it('refuses hostile work before yjs sees it (P1)', () => {
    const fork = new Fork(lesson(1), 1_000);
    for (const hostile of ['nonsense', 'o\u00ff']) {
      expect(() => fork.take(new TextEncoder().encode(hostile))).toThrow(ProtocolError);
    }
    expect(new Board(fork.doc).shapes(MAIN_PAGE)).toHaveLength(1);
  });

  it('leaves broken updates of the archive out, and the rest stands', () => {
    const updates = lesson(2);
    const broken = { ...(updates[0] as UpdateRecord), update: new Uint8Array([1, 2, 3]) };
    const fork = new Fork([broken, ...updates], 2_000);
    expect(new Board(fork.doc).shapes(MAIN_PAGE)).toHaveLength(2);
  });
});

describe('the difference', () => {
  it('names what was added, changed and erased', () => {
    const fork = new Fork(lesson(3), 3_000);
    const before = new Board(fork.base);
    const board = student(fork);
    const [first, second] = board.shapes(MAIN_PAGE).map(({ id }) => id);
    expect(wordsOf(differenceOf(before, board))).toBe('');
    const added = board.addStroke(stroke(900));
    board.move(
      [first ?? added[0]].flatMap((id) => id ?? []),
      5,
      5,
    );
    board.erase([second].flatMap((id) => id ?? []));
    board.addPage();
    const difference = differenceOf(before, board);
    expect([...difference.added]).toEqual(added);
    expect([...difference.changed]).toEqual([first]);
    expect([...difference.erased]).toEqual([second]);
    expect(wordsOf(difference)).toBe('1 added, 1 changed, 1 erased, 1 new page');
  });

  it('counts what was put back as nothing', () => {
    const fork = new Fork(lesson(2), 2_000);
    const board = student(fork);
    const [first] = board.shapes(MAIN_PAGE);
    board.erase(first ? [first.id] : []);
    board.undo();
    expect(wordsOf(differenceOf(new Board(fork.base), board))).toBe('');
  });

  it('shows work in full, what was there faint, and what was erased faint and red', () => {
    const fork = new Fork(lesson(2), 2_000);
    const before = new Board(fork.base);
    const board = student(fork);
    const [first, second] = board.shapes(MAIN_PAGE);
    const [mine] = board.addStroke(stroke(900));
    board.erase(first ? [first.id] : []);
    const source = new DifferenceSource(before, board, differenceOf(before, board), 'work');
    const look = new Map(source.shapes(MAIN_PAGE).map(({ id, opacity, colour }) => [id, { opacity, colour }]));
    expect(mine && look.get(mine)).toEqual({ opacity: 1, colour: 'blue' });
    expect(second && look.get(second.id)).toEqual({ opacity: 0.22, colour: 'blue' });
    expect(first && look.get(first.id)).toEqual({ opacity: 0.22, colour: 'red' });
    const plain = new DifferenceSource(before, board, differenceOf(before, board), 'before');
    expect(plain.shapes(MAIN_PAGE)).toHaveLength(2);
  });
});

/** A portal in memory, as far as a board's work goes. */
class Shelf {
  work: Uint8Array<ArrayBuffer> = new Uint8Array([0, 0]);
  version = 0;
  failure: PortalError | null = null;
  saves = 0;

  postBytes = async (path: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown> => {
    if (this.failure) {
      throw this.failure;
    }
    if (!path.endsWith(`version=${this.version}`)) {
      throw new PortalError(409, 'changed', 'The board was changed in another window.');
    }
    this.saves += 1;
    this.work = bytes;
    this.version += 1;
    return { version: this.version };
  };

  getBytes = async (): Promise<{ bytes: Uint8Array<ArrayBuffer>; version: number }> => ({
    bytes: this.work,
    version: this.version,
  });
}

describe('the keeper', () => {
  it('saves a while after the last change, once', async () => {
    vi.useFakeTimers();
    const shelf = new Shelf();
    const fork = new Fork(lesson(1), 1_000);
    const keeper = new Keeper('/boards/b', shelf, fork, 0);
    const board = student(fork);
    for (const at of [100, 200, 300]) {
      board.addStroke(stroke(at));
      keeper.changed();
    }
    expect(keeper.state.value).toBe('saving');
    await vi.advanceTimersByTimeAsync(1_000);
    expect([keeper.state.value, keeper.isSaved, shelf.saves, keeper.version]).toEqual(['saved', true, 1, 1]);
    vi.useRealTimers();
  });

  it('tries again while the portal cannot be reached, and says so', async () => {
    vi.useFakeTimers();
    const shelf = new Shelf();
    const keeper = new Keeper('/boards/b', shelf, new Fork(lesson(1), 1_000), 0);
    shelf.failure = new PortalError(0, 'unreachable', 'No answer.');
    keeper.changed();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([keeper.state.value, keeper.isSaved]).toEqual(['offline', false]);
    shelf.failure = null;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([keeper.state.value, keeper.isSaved]).toEqual(['saved', true]);
    vi.useRealTimers();
  });

  it('goes on as one with what another window saved', async () => {
    const updates = lesson(1);
    const shelf = new Shelf();
    const [one, other] = [new Fork(updates, 1_000), new Fork(updates, 1_000)];
    const [first, second] = [new Keeper('/b', shelf, one, 0), new Keeper('/b', shelf, other, 0)];
    student(one).addStroke(stroke(100));
    first.changed();
    await first.flush();
    const board = new Board(other.doc);
    board.setAuthor(asSessionId('00000000000000cc'));
    board.addStroke(stroke(200));
    second.changed();
    await second.flush();
    expect([second.state.value, shelf.version]).toEqual(['saved', 2]);
    const kept = new Fork(updates, 1_000);
    kept.take(shelf.work);
    expect(new Board(kept.doc).shapes(MAIN_PAGE)).toHaveLength(3);
  });

  it('says what the portal refuses and stops asking', async () => {
    const shelf = new Shelf();
    const keeper = new Keeper('/b', shelf, new Fork(lesson(1), 1_000), 0);
    shelf.failure = new PortalError(409, 'handed_in', 'The board was handed in.');
    keeper.changed();
    await keeper.flush();
    expect([keeper.state.value, keeper.failure.value]).toEqual(['refused', 'The board was handed in.']);
    keeper.close();
  });
});

describe('what the portal says of boards', () => {
  it('is read tolerantly', () => {
    const given = { id: 'b', name: 'Leo', room_time: 5, session: STUDENT, version: 2, state: 'handed_in', own: true };
    expect(parseBoard(given)).toMatchObject({ t_ms: 5, state: 'handed_in', isOwn: true, canAnswer: false });
    expect(parseBoards({ boards: [given, { ...given, session: 'x' }, 7, null] })).toHaveLength(1);
    expect(parseBoard(null)).toBeNull();
  });
});
