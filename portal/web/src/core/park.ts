/** Envelopes that cannot be applied yet, within bounds (E6, E7, E8). */
import { sameBytes } from './bytes';
import type { Envelope } from './envelope';
import type { SessionId } from './ids';
import { LIMITS } from './limits';
import type { Held } from './stream';

export type ParkReason = 'hole' | 'base' | 'ticket' | 'held';

export interface Parked {
  readonly envelope: Envelope;
  /** Set once hash and signature are known. */
  readonly held: Held | null;
  readonly reason: ParkReason;
  readonly sinceMs: number;
}

interface Lot {
  readonly entries: Map<number, Parked>;
  bytes: number;
  askedMs: number;
}

const ASK_AGAIN_MS = 1000;

export const streamKey = (envelope: Pick<Envelope, 'doc' | 'session'>): string =>
  `${envelope.session}/${envelope.doc.text}`;

export class Park {
  private readonly lots = new Map<string, Lot>();
  private bytes = 0;

  /** False when there is no room: the envelope is dropped, and HAVE finds it again. */
  add(entry: Parked): boolean {
    const { envelope } = entry;
    const size = envelope.raw.length;
    const key = streamKey(envelope);
    const lot = this.lots.get(key) ?? { entries: new Map(), bytes: 0, askedMs: 0 };
    if (lot.entries.has(envelope.seq)) this.remove(envelope);
    const full =
      lot.entries.size >= LIMITS.park_envelopes ||
      lot.bytes + size > LIMITS.park_stream_bytes ||
      this.bytes + size > LIMITS.park_total_bytes;
    if (full) return false;
    this.lots.set(key, lot);
    lot.entries.set(envelope.seq, entry);
    lot.bytes += size;
    this.bytes += size;
    return true;
  }

  has(envelope: Envelope): boolean {
    const parked = this.lots.get(streamKey(envelope))?.entries.get(envelope.seq);
    return parked !== undefined && sameBytes(parked.envelope.raw, envelope.raw);
  }

  /** P10: it waits only until its author is let go. */
  isHeld(envelope: Envelope): boolean {
    return this.lots.get(streamKey(envelope))?.entries.get(envelope.seq)?.reason === 'held';
  }

  get size(): number {
    let size = 0;
    for (const lot of this.lots.values()) size += lot.entries.size;
    return size;
  }

  remove(envelope: Envelope): void {
    const key = streamKey(envelope);
    const lot = this.lots.get(key);
    if (lot === undefined || !lot.entries.delete(envelope.seq)) return;
    lot.bytes -= envelope.raw.length;
    this.bytes -= envelope.raw.length;
    if (lot.entries.size === 0) this.lots.delete(key);
  }

  removeSession(session: SessionId): void {
    for (const parked of this.all()) if (parked.envelope.session === session) this.remove(parked.envelope);
  }

  all(): Parked[] {
    return [...this.lots.values()].flatMap((lot) => [...lot.entries.values()]);
  }

  /** E6: the first of each stream that waits for 200 ms or longer; about once a second each. */
  waiting(nowMs: number): Parked[] {
    const firsts: Parked[] = [];
    for (const lot of this.lots.values()) {
      const first = [...lot.entries.values()].sort((a, b) => a.envelope.seq - b.envelope.seq)[0];
      if (
        first === undefined ||
        first.reason === 'ticket' ||
        first.reason === 'held' ||
        nowMs - first.sinceMs < LIMITS.want_after_ms
      )
        continue;
      if (nowMs - lot.askedMs < ASK_AGAIN_MS) continue;
      lot.askedMs = nowMs;
      firsts.push(first);
    }
    return firsts;
  }

  expire(nowMs: number): void {
    for (const parked of this.all()) if (nowMs - parked.sinceMs > LIMITS.park_ms) this.remove(parked.envelope);
  }
}
