import { describe, expect, it } from 'vitest';
import { Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { Board } from '../core/board';
import { Chat } from '../core/chat';
import { asSessionId, MAIN_PAGE, type PageId } from '../core/ids';
import { Stage } from '../core/stage';
import { contentOf } from './content';
import { Recording } from './recording';
import { BoardReplay } from './replay';
import type { UpdateRecord } from './timeline';

const SESSION = asSessionId('00000000000000aa');

function writer(kind: 'board' | 'stage' | 'chat') {
  const doc = new Doc();
  let vector = encodeStateVector(doc);
  let seq = 0;
  const record = (t_ms: number): UpdateRecord => {
    const update = new Uint8Array(encodeStateAsUpdate(doc, vector));
    vector = encodeStateVector(doc);
    seq += 1;
    return { kind: 'update', t_ms, doc: kind, user: '', session: SESSION, seq, authored_ms: t_ms, update };
  };
  return { doc, record };
}

const point = (x: number) => ({ x, y: 5, pressure: 100, t: 0 });
const stroke = (x: number) =>
  ({ page: MAIN_PAGE, points: [point(x), point(x + 9)], kind: 'draw', colour: 'red', size: 4, nowMs: 0 }) as const;

describe('a recording', () => {
  it('is read piece by piece, and says how far', () => {
    const { doc, record } = writer('board');
    const board = new Board(doc);
    board.setAuthor(SESSION);
    const updates = Array.from({ length: 40 }, (_, i) => {
      board.addStroke(stroke(i));
      return record(1_000 + i);
    });
    const recording = new Recording();
    recording.add(updates);
    expect(recording.readUntil_ms).toBe(999);
    let now = 0;
    const tick = (): number => {
      now += 1;
      return now;
    };
    expect(recording.work(1, tick)).toBe(false);
    expect(recording.readUntil_ms).toBe(1_015);
    expect(recording.work(1_000, tick)).toBe(true);
    expect(recording.readUntil_ms).toBe(1_039);
    recording.complete();
    expect(recording.readUntil_ms).toBe(Number.POSITIVE_INFINITY);
  });

  it('begins its journal anew when something is back-filled before what was read', () => {
    const { doc, record } = writer('board');
    const board = new Board(doc);
    board.setAuthor(SESSION);
    const [first, second, third] = [10, 20, 30].map((t_ms) => {
      board.addStroke(stroke(t_ms));
      return record(t_ms);
    }) as [UpdateRecord, UpdateRecord, UpdateRecord];
    const recording = new Recording();
    const replay = new BoardReplay(recording.journal.steps, recording.journal.firstPages);
    recording.add([first, third]);
    recording.work(100, () => 0);
    replay.goTo(100);
    // The third waits for the second, as in the lesson.
    expect(replay.shapes(MAIN_PAGE)).toHaveLength(1);
    expect(recording.add([second])).toBe(true);
    replay.reset();
    recording.work(100, () => 0);
    replay.goTo(20);
    expect(replay.shapes(MAIN_PAGE)).toHaveLength(2);
    replay.goTo(30);
    expect(replay.shapes(MAIN_PAGE)).toHaveLength(3);
  });

  it('knows the tutor’s page, the chat and the hands at each moment', () => {
    const stageDoc = writer('stage');
    const stage = new Stage(stageDoc.doc);
    stage.writable = true;
    const chatDoc = writer('chat');
    const chat = new Chat(chatDoc.doc);
    chat.setAuthor(SESSION);
    const recording = new Recording();
    stage.set({ page: 'two' as PageId });
    recording.add([stageDoc.record(500)]);
    chat.post('Hello', 600);
    recording.add([
      chatDoc.record(600),
      { kind: 'event', t_ms: 700, name: 'hand', session: SESSION, data: { up: true } },
      { kind: 'event', t_ms: 900, name: 'leave', session: SESSION, data: {} },
    ]);
    recording.work(100, () => 0);
    expect(recording.journal.pageAt(499)).toBe(MAIN_PAGE);
    expect(recording.journal.pageAt(500)).toBe('two');
    expect(recording.journal.chat).toMatchObject([{ t_ms: 600, session: SESSION, text: 'Hello' }]);
    expect([...recording.handsAt(800)]).toEqual([SESSION]);
    expect([...recording.handsAt(900)]).toEqual([]);
  });

  it('tells the content of its documents independent of the order of keys', () => {
    const { doc, record } = writer('board');
    const board = new Board(doc);
    board.setAuthor(SESSION);
    board.addStroke(stroke(1));
    const update = record(10);
    const recording = new Recording();
    recording.add([update]);
    expect(recording.contentAt(9)).toBe(contentOf([]));
    const content = JSON.parse(recording.contentAt(10));
    expect(Object.values(content.board.shapes)[0]).toMatchObject({ stroke: { $bytes: expect.any(String) } });
  });
});
