/** What other people do at this moment, as a session hands it over: cursors and strokes still being drawn. */

import type { Board } from '../core/board';
import type { PageId, SessionId, ShapeId } from '../core/ids';
import type { CursorMark } from './Cursors';
import type { LiveStroke } from './liveLayer';
import type { StrokeKind, StrokePoint } from './scene';

export interface LivePeer {
  readonly cursor: {
    readonly page: PageId;
    readonly x: number;
    readonly y: number;
    readonly laser?: boolean;
  } | null;
  readonly stroke: {
    readonly id: ShapeId;
    readonly page: PageId;
    readonly kind: StrokeKind;
    readonly colour: string;
    readonly size: number;
    readonly points: readonly StrokePoint[];
  } | null;
}

export interface LivePeers {
  sessions(): readonly SessionId[];
  peer(session: SessionId): LivePeer;
}

/** Strokes in progress on a page; one whose shape has arrived is the board's already (L4). */
export function liveStrokes(live: LivePeers, board: Pick<Board, 'shape'>, page: PageId): LiveStroke[] {
  const strokes: LiveStroke[] = [];
  for (const session of live.sessions()) {
    const { stroke } = live.peer(session);
    if (stroke?.page === page && !board.shape(stroke.id)) {
      strokes.push({ ...stroke, points: handPoints(stroke.points), key: stroke.id });
    }
  }
  return strokes;
}

/** What a device without pressure puts on the wire (protocol.md L3 has no "none"): its shape will have none either. */
const NO_PRESSURE = 128;

function handPoints(points: readonly StrokePoint[]): readonly StrokePoint[] {
  return points.every((point) => point.pressure === NO_PRESSURE)
    ? points.map(({ x, y }) => ({ x, y, pressure: null }))
    : points;
}

/** Cursors on a page, of people whose names are known. */
export function cursorMarks(
  live: LivePeers,
  page: PageId,
  who: (session: SessionId) => { readonly name: string; readonly colour: string } | null,
): CursorMark[] {
  const marks: CursorMark[] = [];
  for (const session of live.sessions()) {
    const { cursor } = live.peer(session);
    const person = who(session);
    if (cursor?.page === page && person) {
      marks.push({ key: session, name: person.name, colour: person.colour, x: cursor.x, y: cursor.y });
    }
  }
  return marks;
}
