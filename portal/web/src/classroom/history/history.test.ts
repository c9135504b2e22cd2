import { describe, expect, it } from 'vitest';
import { Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { Board } from '../../core/board';
import { asSessionId, MAIN_PAGE, type SessionId } from '../../core/ids';
import type { TimelineRecord } from '../../player/timeline';
import { restorePage } from './restore';
import { Versions } from './versions';

const [TUTOR, LEO] = [asSessionId('00000000000000aa'), asSessionId('00000000000000bb')];
const LOOK = { page: MAIN_PAGE, colour: 'black', size: 20, nowMs: 0 } as const;

/** A board whose edits are recorded as the recorder does. */
class Lesson {
  readonly doc = new Doc();
  readonly board = new Board(this.doc);
  readonly records: TimelineRecord[] = [
    { kind: 'session', t_ms: 0, session: TUTOR, user: 'maya', name: 'Maya', role: 'tutor' },
    { kind: 'session', t_ms: 0, session: LEO, user: 'leo', name: 'Leo', role: 'student' },
  ];
  private vector = encodeStateVector(this.doc);

  as<T>(session: SessionId, t_ms: number, edit: (board: Board) => T): T {
    this.board.setAuthor(session);
    const result = edit(this.board);
    const update = new Uint8Array(encodeStateAsUpdate(this.doc, this.vector));
    this.vector = encodeStateVector(this.doc);
    const seq = this.records.length;
    this.records.push({ kind: 'update', t_ms, doc: 'board', user: '', session, seq, authored_ms: t_ms, update });
    return result;
  }
}

const texts = (board: Board): string[] =>
  board.shapes(MAIN_PAGE).map((shape) => ('text' in shape ? `${shape.text}@${shape.x}` : shape.type));

function lesson() {
  const made = new Lesson();
  const title = made.as(TUTOR, 1_000, (board) => board.addText({ ...LOOK, x: 10, y: 10, text: 'Fractions' }));
  const own = made.as(LEO, 2_000, (board) => board.addText({ ...LOOK, x: 50, y: 10, text: 'half' }));
  made.as(LEO, 120_000, (board) => board.move([title], 90, 0));
  made.as(LEO, 121_000, (board) => board.editText(own, 'a half'));
  made.as(TUTOR, 240_000, (board) => board.erase([own]));
  made.as(TUTOR, 241_000, (board) => board.addText({ ...LOOK, x: 70, y: 10, text: 'later' }));
  return made;
}

describe('earlier versions', () => {
  it('a page that is cleared in the midst of a moment can be brought back as it was before', () => {
    const made = new Lesson();
    const ids = [0, 1, 2].map((n) =>
      made.as(LEO, 1_000 + n, (board) => board.addText({ ...LOOK, x: 10 * n, y: 10, text: `${n}` })),
    );
    made.as(LEO, 2_000, (board) => board.erase(ids));
    const versions = Versions.of(made.records);
    const [cleared, before] = versions.moments(MAIN_PAGE);
    expect(cleared?.edits).toBe(1);
    const earlier = versions.at(before?.t_ms ?? 0, MAIN_PAGE).filter((shape) => !shape.erased);
    expect(earlier).toHaveLength(3);
  });

  it('are moments with rests between them, newest first, and say who was at it', () => {
    const versions = Versions.of(lesson().records);
    expect(versions.moments(MAIN_PAGE)).toEqual([
      { t_ms: 241_000, edits: 2, names: ['Maya'] },
      { t_ms: 121_000, edits: 2, names: ['Leo'] },
      { t_ms: 2_000, edits: 2, names: ['Maya', 'Leo'] },
    ]);
  });

  it('bring a page back as new edits, and one undo takes that back', () => {
    const { board, doc, records } = lesson();
    const versions = Versions.of(records);
    const before = texts(board);
    const then = versions.at(2_000, MAIN_PAGE);
    expect(restorePage(board, MAIN_PAGE, then, null)).toEqual({ back: 2, aside: 1 });
    expect(texts(board)).toEqual(['Fractions@10', 'half@50']);
    expect(doc.getMap('shapes').size).toBe(3);
    board.undo();
    expect(texts(board)).toEqual(before);
    expect(restorePage(board, MAIN_PAGE, versions.at(241_000, MAIN_PAGE), null)).toEqual({ back: 0, aside: 0 });
  });

  it('bring one person’s work back and leave the others’ alone', () => {
    const { board, records } = lesson();
    const versions = Versions.of(records);
    const then = versions.at(121_000, MAIN_PAGE);
    const leo = versions.authors(then).find(({ user }) => user === 'leo');
    restorePage(board, MAIN_PAGE, then, leo?.sessions ?? null);
    expect(texts(board)).toEqual(['Fractions@100', 'a half@50', 'later@70']);
  });
});
