/** Cursors, lasers and the stroke under the pen: sent often, never stored (protocol.md section L). */
import {
  type DocRef,
  formatItemId,
  type PageId,
  parseItemId,
  type SessionId,
  type ShapeId,
  type UserId,
} from '../core/ids';
import { INK, type InkPoint } from '../core/ink';
import { LIMITS } from '../core/limits';
import { type LiveInk, type LivePacket, type LivePoint, MIDDLE_PRESSURE, placeOf } from '../core/presence';

const DRAWING_MS = 50;
const MOVING_MS = 100;
const FORGET_MS = 3_000;
const MAX_POINTS = 20_000;

export interface LiveStroke {
  readonly id: ShapeId;
  readonly page: PageId;
  /** At whose desk; null on the board of all. */
  readonly desk: UserId | null;
  readonly kind: 'draw' | 'highlight';
  readonly colour: string;
  readonly size: number;
  /** Board px; pressure 0…255. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly pressure: number }[];
}

export interface LivePeer {
  readonly cursor: {
    readonly page: PageId;
    readonly desk: UserId | null;
    readonly x: number;
    readonly y: number;
    readonly laser: boolean;
  } | null;
  readonly stroke: LiveStroke | null;
}

const NOBODY: LivePeer = { cursor: null, stroke: null };
const tenths = (px: number): number => Math.round(px * INK.units_per_px);

export interface BegunStroke {
  readonly page: PageId;
  readonly stroke: number;
  readonly kind: 'draw' | 'highlight';
  readonly colour: string;
  readonly size: number;
}

interface OwnStroke extends Omit<LiveInk, 'first' | 'points'> {
  readonly points: LivePoint[];
}

/** Coalesces what the hand does into packets, each repeating the points of the one before (L4). */
export class LiveSender {
  private cursorAt: { x10: number; y10: number; laser: boolean } | null = null;
  private stroke: OwnStroke | null = null;
  /** First index of the packet before, and of what was not sent yet. */
  private repeatFrom = 0;
  private sendFrom = 0;
  private tick = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private sentMs = 0;
  private page: PageId = '' as PageId;
  private desk: UserId | null = null;

  constructor(
    private readonly session: () => SessionId | null,
    private readonly emit: (packet: LivePacket) => void,
  ) {}

  /** `desk`: at whose desk; null on the board of all. */
  cursor(page: PageId, x: number, y: number, laser = false, desk: UserId | null = null): void {
    this.goTo(page, desk);
    this.cursorAt = { x10: tenths(x), y10: tenths(y), laser };
    this.schedule();
  }

  /** Those who see one place may not see the next: they are told that the cursor is gone before it is elsewhere. */
  private goTo(page: PageId, desk: UserId | null): void {
    if (desk !== this.desk && this.sentMs > 0) {
      this.end();
      this.cursorAt = null;
      this.send();
    }
    if (page !== this.page) this.cursorAt = null;
    this.page = page;
    this.desk = desk;
  }

  hideCursor(): void {
    if (this.cursorAt === null) return;
    this.cursorAt = null;
    this.schedule();
  }

  /** `stroke`: the number reserved for the shape to come. */
  begin(stroke: BegunStroke, desk: UserId | null = null): void {
    const { page, kind, colour, size } = stroke;
    this.goTo(page, desk);
    this.stroke = { stroke: stroke.stroke, kind, colour, size10: tenths(size), points: [] };
    this.repeatFrom = 0;
    this.sendFrom = 0;
  }

  extend(points: readonly Pick<InkPoint, 'x' | 'y' | 'pressure'>[]): void {
    if (this.stroke === null) return;
    for (const { x, y, pressure } of points) {
      if (this.stroke.points.length >= MAX_POINTS) return;
      this.stroke.points.push({
        x10: tenths(x),
        y10: tenths(y),
        pressure: Math.round(pressure ?? MIDDLE_PRESSURE) & 255,
      });
    }
    this.schedule();
  }

  /** The rest goes at once; the shape itself comes as an envelope. */
  end(): void {
    if (this.stroke === null) return;
    if (this.sendFrom < this.stroke.points.length) this.send();
    this.stroke = null;
  }

  private schedule(): void {
    if (this.timer !== null) return;
    const gapMs = this.stroke === null ? MOVING_MS : DRAWING_MS;
    this.timer = setTimeout(() => this.send(), Math.max(0, this.sentMs + gapMs - Date.now()));
  }

  private send(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.sentMs = Date.now();
    const session = this.session();
    if (session === null) return;
    do this.emit(this.packet(session));
    while (this.stroke !== null && this.sendFrom < this.stroke.points.length);
  }

  private packet(session: SessionId): LivePacket {
    this.tick += 1;
    const { page, desk, cursorAt } = this;
    const ink = this.ink();
    // Where the ink ends, so that it need not be told twice.
    const cursor = cursorAt === null ? null : (ink?.points.at(-1) ?? cursorAt);
    const at = cursor === null ? null : { x10: cursor.x10, y10: cursor.y10 };
    return { session, tick: this.tick, page, desk, cursor: at, laser: cursorAt?.laser ?? false, ink };
  }

  private ink(): LiveInk | null {
    const { stroke } = this;
    if (stroke === null || this.sendFrom >= stroke.points.length) return null;
    const fresh = Math.min(stroke.points.length - this.sendFrom, LIMITS.live_points);
    const end = this.sendFrom + fresh;
    const first = Math.max(this.repeatFrom, end - LIMITS.live_points);
    this.repeatFrom = this.sendFrom;
    this.sendFrom = end;
    return { ...stroke, first, points: stroke.points.slice(first, end), repeated: end - fresh - first };
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.stroke = null;
  }
}

/** For a path on which no packet is lost: without what the packet before had. */
export function withoutRepeats(live: LivePacket): LivePacket {
  const { ink } = live;
  const repeated = ink?.repeated ?? 0;
  if (ink === null || repeated === 0) return live;
  return { ...live, ink: { ...ink, first: ink.first + repeated, points: ink.points.slice(repeated), repeated: 0 } };
}

interface Received {
  tick: number;
  cursor: LivePeer['cursor'];
  stroke: (Omit<LiveStroke, 'points'> & { points: { x: number; y: number; pressure: number }[] }) | null;
  /** Index in the stroke of the next point that is not here. */
  next: number;
  strokeMs: number;
}

/** What others show. Packets may be lost, doubled and out of order. */
export class LiveReceiver {
  private readonly peers = new Map<SessionId, Received>();

  constructor(
    private readonly changed: (session: SessionId) => void,
    /** The shape is there: its live stroke is not shown any more. */
    private readonly exists: (id: ShapeId, doc: DocRef) => boolean,
  ) {}

  receive(packet: LivePacket, nowMs: number): void {
    const { session, tick, page, desk, cursor, laser, ink } = packet;
    const peer = this.peers.get(session) ?? { tick: -1, cursor: null, stroke: null, next: 0, strokeMs: 0 };
    this.peers.set(session, peer);
    if (tick > peer.tick) {
      peer.tick = tick;
      const { units_per_px: units } = INK;
      peer.cursor = cursor === null ? null : { page, desk, x: cursor.x10 / units, y: cursor.y10 / units, laser };
    }
    if (ink !== null) this.takeInk(peer, packet, ink, nowMs);
    this.changed(session);
  }

  private takeInk(peer: Received, packet: LivePacket, ink: LiveInk, nowMs: number): void {
    const { session, page, desk } = packet;
    const id = formatItemId(session, ink.stroke) as ShapeId;
    if (this.exists(id, placeOf(packet))) return;
    const size = ink.size10 / INK.units_per_px;
    const begun = { id, page, desk, kind: ink.kind, colour: ink.colour, size, points: [] };
    const stroke = peer.stroke ?? begun;
    const isSame = stroke.id === id && stroke.desk === desk;
    // A packet of the stroke before, late: numbers only grow in a place.
    if (!isSame && stroke.desk === desk && (parseItemId(stroke.id)?.n ?? 0) > ink.stroke) return;
    const shown = isSame ? stroke : begun;
    if (peer.stroke === null || !isSame) peer.next = 0;
    peer.strokeMs = nowMs;
    // Points that were lost twice in a row are skipped: the shape will have them.
    const fresh = ink.points.slice(Math.max(0, peer.next - ink.first));
    peer.next = Math.max(peer.next, ink.first + ink.points.length);
    if (shown.points.length + fresh.length > MAX_POINTS) return;
    const added = fresh.map(({ x10, y10, pressure }) => ({
      x: x10 / INK.units_per_px,
      y: y10 / INK.units_per_px,
      pressure,
    }));
    peer.stroke = { ...shown, points: [...shown.points, ...added] };
  }

  peer(session: SessionId): LivePeer {
    return this.peers.get(session) ?? NOBODY;
  }

  sessions(): SessionId[] {
    return [...this.peers.keys()];
  }

  /** Shapes of a desk, or of the board of all, arrived: their live strokes go. */
  settle(ids: ReadonlySet<ShapeId>, desk: UserId | null): void {
    for (const [session, peer] of this.peers) {
      if (peer.stroke === null || peer.stroke.desk !== desk || !ids.has(peer.stroke.id)) continue;
      peer.stroke = null;
      this.changed(session);
    }
  }

  expire(nowMs: number): void {
    for (const [session, peer] of this.peers) {
      if (peer.stroke === null || nowMs - peer.strokeMs < FORGET_MS) continue;
      peer.stroke = null;
      this.changed(session);
    }
  }

  forget(session: SessionId): void {
    if (this.peers.delete(session)) this.changed(session);
  }
}
