/** What other people do at this moment, as a session hands it over: cursors and strokes still being drawn. */

import type { Board } from '../core/board';
import type { PageId, SessionId, ShapeId, UserId } from '../core/ids';
import { MIDDLE_PRESSURE } from '../core/presence';
import type { CursorMark } from './Cursors';
import type { LiveStroke } from './liveLayer';
import type { StrokeKind, StrokePoint } from './scene';

export interface LivePeer {
  readonly cursor: {
    readonly page: PageId;
    readonly desk: UserId | null;
    readonly x: number;
    readonly y: number;
    readonly laser?: boolean;
  } | null;
  readonly stroke: {
    readonly id: ShapeId;
    readonly page: PageId;
    readonly desk: UserId | null;
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

/** A page of the board of all, or of somebody's desk. */
export interface LivePlace {
  readonly page: PageId;
  readonly desk: UserId | null;
}

const isAt = (at: LivePlace, { page, desk }: LivePlace): boolean => at.page === page && at.desk === desk;

/** Strokes in progress on a page; one whose shape has arrived is the board's already (L4). */
export function liveStrokes(live: LivePeers, board: Pick<Board, 'shape'>, place: LivePlace): LiveStroke[] {
  const strokes: LiveStroke[] = [];
  for (const session of live.sessions()) {
    const { stroke } = live.peer(session);
    if (stroke && isAt(stroke, place) && !board.shape(stroke.id)) {
      strokes.push({ ...stroke, points: handPoints(stroke.points), key: stroke.id });
    }
  }
  return strokes;
}

/** Asked for in each frame, while points come a few times a second, each time in another list. */
const withoutPressure = new WeakMap<readonly StrokePoint[], readonly StrokePoint[]>();

/** A device without pressure tells the middle of it (protocol.md L3); its shape will have none either. */
function handPoints(points: readonly StrokePoint[]): readonly StrokePoint[] {
  const known = withoutPressure.get(points);
  if (known) {
    return known;
  }
  const found = points.every((point) => point.pressure === MIDDLE_PRESSURE)
    ? points.map(({ x, y }) => ({ x, y, pressure: null }))
    : points;
  withoutPressure.set(points, found);
  return found;
}

/** Cursors on a page, of people whose names are known. */
export function cursorMarks(
  live: LivePeers,
  place: LivePlace,
  who: (session: SessionId) => { readonly name: string; readonly colour: string } | null,
): CursorMark[] {
  const marks: CursorMark[] = [];
  for (const session of live.sessions()) {
    const { cursor } = live.peer(session);
    const person = who(session);
    if (cursor && isAt(cursor, place) && person) {
      marks.push({ key: session, name: person.name, colour: person.colour, x: cursor.x, y: cursor.y });
    }
  }
  return marks;
}
