/** What is shown and never stored: presence objects and live ink (protocol.md B type 6 and section L). */
import { type Bytes, decodeUtf8, encodeUtf8 } from './bytes';
import { malformed, oversized } from './errors';
import { asUserId, BOARD, type DocRef, desk, type PageId, type SessionId, type UserId } from './ids';
import { LIMITS } from './limits';
import { type Reader, Writer } from './varint';

const PAGE_BYTES = 64;
const COLOUR_BYTES = 16;
const USER_BYTES = 64;
const FLAGS = { cursor: 1, ink: 2, laser: 4, atPen: 8, desk: 16 } as const;
const ALL_FLAGS = 31;
const HIGHLIGHTER = 1;
const NO_PRESSURE = 2;
/** The pressure of a device that knows none. */
export const MIDDLE_PRESSURE = 128;

/** Tenths of a board px. */
export interface LivePoint {
  readonly x10: number;
  readonly y10: number;
  readonly pressure: number;
}

export interface LiveInk {
  readonly stroke: number;
  readonly kind: 'draw' | 'highlight';
  readonly colour: string;
  readonly size10: number;
  readonly first: number;
  readonly points: readonly LivePoint[];
  /** How many of the points the packet before had already (L4). Known to the sender only. */
  readonly repeated?: number;
}

export interface LivePacket {
  readonly session: SessionId;
  readonly tick: number;
  readonly page: PageId;
  /** At whose desk; null on the board of all. */
  readonly desk: UserId | null;
  readonly cursor: { readonly x10: number; readonly y10: number } | null;
  readonly laser: boolean;
  readonly ink: LiveInk | null;
}

/** The document on which this is shown: who reads it may see this (D4). */
export const placeOf = (live: Pick<LivePacket, 'desk'>): DocRef => (live.desk === null ? BOARD : desk(live.desk));

/** The body of a LIVE message. */
export function encodeLive(live: LivePacket): Bytes {
  const { cursor, ink } = live;
  const tip = ink?.points.at(-1);
  const isAtPen = cursor !== null && cursor.x10 === tip?.x10 && cursor.y10 === tip.y10;
  const place = cursor === null ? 0 : isAtPen ? FLAGS.atPen : FLAGS.cursor;
  const flags = place | (ink === null ? 0 : FLAGS.ink) | (live.laser ? FLAGS.laser : 0);
  const writer = new Writer(256).session(live.session).varuint(live.tick);
  writer.u8(live.desk === null ? flags : flags | FLAGS.desk).varstring(live.page);
  if (live.desk !== null) writer.varstring(live.desk);
  if (cursor !== null && !isAtPen) writer.zigzag(cursor.x10).zigzag(cursor.y10);
  if (ink !== null) writeInk(writer, ink);
  return writer.finish();
}

function writeInk(writer: Writer, ink: LiveInk): void {
  const { points } = ink;
  if (points.length < 1 || points.length > LIMITS.live_points) throw oversized('live points');
  const hasPressure = points.some(({ pressure }) => pressure !== MIDDLE_PRESSURE);
  writer.varuint(ink.stroke).u8((ink.kind === 'draw' ? 0 : HIGHLIGHTER) | (hasPressure ? 0 : NO_PRESSURE));
  writer.varstring(ink.colour).varuint(ink.size10).varuint(ink.first).varuint(points.length);
  let x = 0;
  let y = 0;
  for (const point of points) {
    writer.zigzag(point.x10 - x).zigzag(point.y10 - y);
    if (hasPressure) writer.u8(point.pressure);
    x = point.x10;
    y = point.y10;
  }
}

export function decodeLive(reader: Reader): LivePacket {
  const session = reader.session();
  const tick = reader.varuint();
  const flags = reader.u8();
  const isAtPen = (flags & FLAGS.atPen) !== 0;
  if (flags > ALL_FLAGS || (isAtPen && (flags & (FLAGS.cursor | FLAGS.ink)) !== FLAGS.ink)) {
    throw malformed('live flags');
  }
  const page = reader.varstring(PAGE_BYTES) as PageId;
  const user = flags & FLAGS.desk ? reader.varstring(USER_BYTES) : null;
  if (user === '') throw malformed('desk of nobody');
  const told = flags & FLAGS.cursor ? { x10: reader.zigzag(), y10: reader.zigzag() } : null;
  const ink = flags & FLAGS.ink ? readInk(reader) : null;
  const tip = isAtPen ? ink?.points.at(-1) : undefined;
  const cursor = tip === undefined ? told : { x10: tip.x10, y10: tip.y10 };
  const whose = user === null ? null : asUserId(user);
  return { session, tick, page, desk: whose, cursor, laser: (flags & FLAGS.laser) !== 0, ink };
}

function readInk(reader: Reader): LiveInk {
  const stroke = reader.varuint();
  const kind = reader.u8();
  if (kind > (HIGHLIGHTER | NO_PRESSURE) || stroke < 1) throw malformed('live kind');
  const colour = reader.varstring(COLOUR_BYTES);
  const size10 = reader.varuint();
  const first = reader.varuint();
  const n = reader.varuint();
  if (n < 1 || n > LIMITS.live_points || n * 2 > reader.remaining) throw malformed('live points');
  const points: LivePoint[] = [];
  let x10 = 0;
  let y10 = 0;
  for (let i = 0; i < n; i++) {
    x10 += reader.zigzag();
    y10 += reader.zigzag();
    points.push({ x10, y10, pressure: kind & NO_PRESSURE ? MIDDLE_PRESSURE : reader.u8() });
  }
  return { stroke, kind: kind & HIGHLIGHTER ? 'highlight' : 'draw', colour, size10, first, points };
}

/** What a participant says of itself. Names, roles and colours are not here: they come from tickets. */
export interface Presence {
  readonly page: PageId | null;
  readonly hand: boolean;
  /** When it was raised, unix ms by the room's clock; for the order of hands. */
  readonly handMs: number | null;
  readonly mic: boolean;
  readonly cam: boolean;
  readonly tool: string | null;
  /** The part of the board on the screen, from its corner; `w`, `h` in board px, 0 when it is not told. */
  readonly view: {
    readonly x: number;
    readonly y: number;
    readonly zoom: number;
    readonly w: number;
    readonly h: number;
  } | null;
  /** What staff ask of others, for some seconds; of anybody else it is passed over. */
  readonly asks: readonly Ask[];
}

/** A wish that one person may follow or not. */
export interface Ask {
  readonly user: string;
  readonly what: 'mute' | 'unmute' | 'lower';
  /** Unix ms by the room's clock: the same wish again is another one. */
  readonly at: number;
}

export const MAX_ASKS = 8;

export const NO_PRESENCE: Presence = {
  page: null,
  hand: false,
  handMs: null,
  mic: false,
  cam: false,
  tool: null,
  view: null,
  asks: [],
};

/** Tolerant: unknown or wrong members are as if absent; never throws. */
export function readPresence(value: unknown): Presence {
  if (typeof value !== 'object' || value === null) return NO_PRESENCE;
  const { page, hand, handMs, mic, cam, tool, view, asks } = value as Record<string, unknown>;
  return {
    page: typeof page === 'string' ? (page as PageId) : null,
    hand: hand === true,
    handMs: typeof handMs === 'number' && Number.isFinite(handMs) ? handMs : null,
    mic: mic === true,
    cam: cam === true,
    tool: typeof tool === 'string' ? tool : null,
    view: readView(view),
    asks: readAsks(asks),
  };
}

function readAsks(value: unknown): readonly Ask[] {
  if (!Array.isArray(value)) return [];
  const found: Ask[] = [];
  for (const entry of value.slice(0, MAX_ASKS) as unknown[]) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { user, what, at } = entry as Record<string, unknown>;
    const isWish = what === 'mute' || what === 'unmute' || what === 'lower';
    if (typeof user === 'string' && isWish && typeof at === 'number' && Number.isFinite(at)) {
      found.push({ user, what, at });
    }
  }
  return found;
}

function readView(value: unknown): Presence['view'] {
  if (typeof value !== 'object' || value === null) return null;
  const { x, y, zoom, w, h } = value as Record<string, unknown>;
  const finite = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n);
  const side = (n: unknown): number => (finite(n) && n > 0 && n < 1e6 ? n : 0);
  const near = (n: unknown): n is number => finite(n) && Math.abs(n) < 1e7;
  return near(x) && near(y) && finite(zoom) && zoom > 0 ? { x, y, zoom, w: side(w), h: side(h) } : null;
}

/** The bytes of a PRESENCE message; anything but a JSON object is malformed. */
export function decodePresence(json: Uint8Array): Presence {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(json));
  } catch {
    throw malformed('presence');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('presence');
  return readPresence(value);
}

export function encodePresence(presence: Presence): Bytes {
  const json = encodeUtf8(JSON.stringify(presence));
  if (json.length > LIMITS.presence_bytes) throw oversized('presence');
  return json;
}
