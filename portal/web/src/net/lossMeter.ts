/** How much the lossy channel of a link loses, and how often an envelope is therefore repeated there (rule M7). */

/** On `live`, beside those of M6 on `sync`. */
export const LIVE_PING_MS = 500;
const LOST_AFTER_MS = 1_500;
const WINDOW = 24;
const ENOUGH = 4;
const MORE = 0.09;

/**
 * When after its sealing an unacknowledged envelope goes on `live`: no loss, a little, more.
 *
 * With 10 % loss the reliable channel stops at every tenth packet for a round trip and more, and all later envelopes of
 * the author wait behind it (E6). Not at once with the first: two messages of one moment share a packet.
 */
export const COPIES_MS: readonly [readonly number[], readonly number[], readonly number[]] = [
  [80],
  [20, 80],
  [20, 50, 90],
];
/**
 * Copies share the link's congestion window with what they are copies of, and the user's line with sound and picture. So
 * they have a budget, for a link and for all links together, and a later copy leaves room for the first copy of the next
 * envelope.
 */
const COPY_BYTES_PER_MS = 24;
const ALL_COPIES_BYTES_PER_MS = 48;
const COPY_BURST_BYTES = 5_000;
const RESERVE_BYTES = 700;

/** Counts pings of the lossy channel that came back. The clock is handed in. */
export class LossMeter {
  private readonly waiting = new Map<bigint, number>();
  private readonly came: boolean[] = [];
  private nonce = 0n;
  private pingedMs = Number.NEGATIVE_INFINITY;
  private budgetBytes = COPY_BURST_BYTES;
  private budgetMs = 0;

  private note(came: boolean): void {
    this.came.push(came);
    if (this.came.length > WINDOW) this.came.shift();
  }

  /** The nonce of a ping to send now, or null when it is not time yet. */
  ping(nowMs: number): bigint | null {
    for (const [nonce, sentMs] of this.waiting) {
      if (nowMs - sentMs < LOST_AFTER_MS) continue;
      this.waiting.delete(nonce);
      this.note(false);
    }
    // Timers come a little early as well as late.
    if (nowMs - this.pingedMs < LIVE_PING_MS * 0.8) return null;
    this.pingedMs = nowMs;
    this.nonce += 1n;
    this.waiting.set(this.nonce, nowMs);
    return this.nonce;
  }

  /** An answer came; one that nobody waits for is passed over. */
  pong(nonce: bigint): void {
    if (this.waiting.delete(nonce)) this.note(true);
  }

  /** The share of round trips that failed in the last 12 s; null before there is anything to say. */
  get share(): number | null {
    if (this.came.length < ENOUGH) return null;
    return this.came.filter((came) => !came).length / this.came.length;
  }

  /** COPIES_MS for what this link loses now. */
  get copiesMs(): readonly number[] {
    const share = this.share ?? 0;
    if (share === 0) return COPIES_MS[0];
    return COPIES_MS[share > MORE ? 2 : 1];
  }

  /** Whether the copy with this index in `copiesMs` may go now; it is counted when it may. `links`: that share the line. */
  afford(index: number, sizeBytes: number, nowMs: number, links = 1): boolean {
    const perMs = Math.min(COPY_BYTES_PER_MS, ALL_COPIES_BYTES_PER_MS / Math.max(1, links));
    const gained = Math.max(0, nowMs - this.budgetMs) * perMs;
    this.budgetBytes = Math.min(COPY_BURST_BYTES, this.budgetBytes + gained);
    this.budgetMs = nowMs;
    if (this.budgetBytes - sizeBytes < index * RESERVE_BYTES) return false;
    this.budgetBytes -= sizeBytes;
    return true;
  }
}
