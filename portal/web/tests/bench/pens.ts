/** Four other people who draw where we look: packets as they come off the wire, then the stroke as an edit of theirs. */
import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import type { Camera } from '../../src/board/camera';
import { Board } from '../../src/core/board';
import { MAIN_PAGE, type SessionId } from '../../src/core/ids';
import { decodeLive, encodeLive, type LivePoint } from '../../src/core/presence';
import { Reader } from '../../src/core/varint';
import { LiveReceiver } from '../../src/net/live';

const PACKET_MS = 40;
const POINTS_A_PACKET = 5;
const POINTS_A_STROKE = 60;
/** Packets by which one pen is behind another: four people do not lift their pens in the same millisecond. */
const APART = 3;

interface Pen {
  readonly session: SessionId;
  readonly corner: { readonly dx: number; readonly dy: number };
  tick: number;
  stroke: number;
  points: LivePoint[];
  sent: number;
  /** Packets until it begins. */
  wait: number;
}

/** Where the middle of the screen lies on the board now. */
export type Middle = () => { readonly x: number; readonly y: number };

export class RemotePens {
  readonly receiver: LiveReceiver;
  private readonly pens: readonly Pen[];
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly doc: Doc,
    sessions: readonly SessionId[],
    exists: (id: string) => boolean,
    changed: (session: SessionId) => void,
    private readonly middle: Middle,
  ) {
    this.receiver = new LiveReceiver(changed, exists);
    this.pens = sessions.map((session, n) => ({
      session,
      corner: { dx: n % 2 ? 120 : -120, dy: n > 1 ? 80 : -80 },
      tick: 0,
      stroke: 0,
      points: [],
      sent: 0,
      wait: n * APART,
    }));
  }

  turn(on: boolean): void {
    clearInterval(this.timer);
    if (!on) return;
    this.timer = setInterval(() => {
      for (const pen of this.pens) this.step(pen);
    }, PACKET_MS);
  }

  private step(pen: Pen): void {
    if (pen.wait > 0) {
      pen.wait -= 1;
      return;
    }
    if (pen.points.length === 0) this.begin(pen);
    const end = Math.min(POINTS_A_STROKE, pen.sent + POINTS_A_PACKET);
    const first = Math.max(0, pen.sent - POINTS_A_PACKET);
    pen.tick += 1;
    const look = { stroke: pen.stroke, kind: 'draw', colour: 'blue', size10: 40 } as const;
    const packet = encodeLive({
      session: pen.session,
      tick: pen.tick,
      page: MAIN_PAGE,
      desk: null,
      cursor: pen.points[end - 1] ?? null,
      laser: false,
      ink: { ...look, first, points: pen.points.slice(first, end) },
    });
    this.receiver.receive(decodeLive(new Reader(packet)), Date.now());
    pen.sent = end;
    if (end === POINTS_A_STROKE) this.commit(pen);
  }

  private begin(pen: Pen): void {
    const { x, y } = this.middle();
    pen.stroke += 1;
    pen.sent = 0;
    pen.points = Array.from({ length: POINTS_A_STROKE }, (_, i) => ({
      x10: Math.round(10 * (x + pen.corner.dx + Math.cos(i / 6) * (8 + i / 2))),
      y10: Math.round(10 * (y + pen.corner.dy + Math.sin(i / 6) * (8 + i / 2))),
      pressure: 128,
    }));
  }

  /** The edit as its author's own replica would send it. */
  private commit(pen: Pen): void {
    const theirs = new Doc();
    const board = new Board(theirs);
    board.setAuthor(pen.session);
    board.addStroke({
      page: MAIN_PAGE,
      points: pen.points.map(({ x10, y10 }, i) => ({ x: x10 / 10, y: y10 / 10, pressure: null, t: i * 8 })),
      kind: 'draw',
      colour: 'blue',
      size: 4,
      nowMs: 0,
      atN: pen.stroke,
    });
    applyUpdate(this.doc, encodeStateAsUpdate(theirs), 'remote');
    theirs.destroy();
    pen.points = [];
  }
}

export const middleOf = (camera: Camera, width: number, height: number): { x: number; y: number } => ({
  x: camera.x + width / 2 / camera.zoom,
  y: camera.y + height / 2 / camera.zoom,
});
