/** "Saved", "Saving…", "Offline — N changes kept on this device". */
import type { Replica } from '../core/replica';
import type { RelayState } from './socket';

export type SaveState =
  | { readonly kind: 'saved'; readonly unacked: 0 }
  | { readonly kind: 'saving'; readonly unacked: number }
  | { readonly kind: 'offline'; readonly unacked: number };

/** Nobody needs to read that saving takes half a second, or that the relay is back in one. */
const PATIENCE_MS = 1_000;

export class SaveTracker {
  private unsavedSince: number | null = null;
  private awaySince: number | null;
  private last: SaveState = { kind: 'saved', unacked: 0 };
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly count: () => number,
    private readonly relay: () => RelayState,
    private readonly changed: (state: SaveState) => void,
  ) {
    this.awaySince = Date.now();
  }

  get state(): SaveState {
    return this.last;
  }

  /** Something was written, acknowledged, or the relay came or went. */
  update(): void {
    const now = Date.now();
    const unacked = this.count();
    this.unsavedSince = unacked === 0 ? null : (this.unsavedSince ?? now);
    this.awaySince = this.relay() === 'online' ? null : (this.awaySince ?? now);
    const next = this.judge(now, unacked);
    const same = next.kind === this.last.kind && next.unacked === this.last.unacked;
    this.last = next;
    this.wait(now);
    if (!same) this.changed(next);
  }

  private judge(now: number, unacked: number): SaveState {
    if (this.awaySince !== null && (this.relay() === 'stopped' || now - this.awaySince >= PATIENCE_MS)) {
      return { kind: 'offline', unacked };
    }
    if (this.unsavedSince !== null && now - this.unsavedSince >= PATIENCE_MS) return { kind: 'saving', unacked };
    return { kind: 'saved', unacked: 0 };
  }

  private wait(now: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const due = [this.unsavedSince, this.awaySince]
      .filter((since) => since !== null)
      .map((since) => since + PATIENCE_MS - now)
      .filter((ms) => ms > 0);
    if (due.length > 0) this.timer = setTimeout(() => this.update(), Math.min(...due));
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }
}

/** Changes of this user, of this page and of earlier ones, that the relay has not made durable. */
export function unackedOf(replica: Replica, user: string): number {
  let count = replica.settled ? 0 : 1;
  for (const stream of replica.streams.values()) {
    if (replica.tickets.get(stream.session)?.user === user) count += stream.unackedCount;
  }
  return count;
}
