/** Keeps one connection's video on the rung of its ladder, once a second. */
import { Busy } from './busy';
import { type Route, readStats } from './health';
import { type Cause, Ladder, qualityOf, type VideoQuality, videoCeiling } from './ladder';
import { applyRung, kindOf } from './media';

export class Quality {
  private readonly ladder = new Ladder();
  private readonly busy = new Busy();
  private reportedMs = 0;
  private measuring = false;
  private applying: Promise<void> = Promise.resolve();
  route: Route | null = null;

  /**
   * `isEstimated`: the browser's estimate is of this line. A Python peer has none but aiortc's, which counts pictures
   * only: once low it stays low, on a line with room for ten times as much.
   */
  constructor(
    private readonly peer: RTCPeerConnection,
    private readonly isEstimated = true,
  ) {}

  get video(): VideoQuality {
    return qualityOf(this.ladder.rung);
  }

  get cause(): Cause | null {
    return this.ladder.cause;
  }

  /** `links`: that share this user's line. */
  async measure(nowMs: number, links: number): Promise<void> {
    if (this.measuring) return;
    this.measuring = true;
    try {
      const askedMs = performance.now();
      const report = await this.peer.getStats();
      const answeredMs = performance.now();
      const stats = readStats(
        report as unknown as ReadonlyMap<string, Record<string, unknown>>,
        nowMs,
        this.reportedMs,
      );
      this.reportedMs = stats.reportedMs;
      this.route = stats.route;
      const ceiling = videoCeiling(links);
      const limited = ceiling !== this.ladder.ceiling;
      this.ladder.limit(ceiling);
      const busy = this.busy.look(stats.encoding, askedMs, answeredMs, links);
      const availableBps = this.isEstimated ? stats.sample.availableBps : null;
      if (this.ladder.look({ ...stats.sample, availableBps, busy }) || limited) await this.apply();
    } finally {
      this.measuring = false;
    }
  }

  /** Once negotiated, and when the rung or the number of links changed. One after the other, as setParameters wants. */
  apply(): Promise<void> {
    this.applying = this.applying.then(async () => {
      for (const transceiver of this.peer.getTransceivers()) {
        try {
          await applyRung(transceiver.sender, kindOf(transceiver), this.ladder.target);
        } catch (error) {
          // Renegotiated or closed meanwhile: what is negotiated next is followed by another `apply`.
          if (!(error instanceof DOMException)) throw error;
        }
      }
    });
    return this.applying;
  }
}
