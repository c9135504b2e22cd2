/** Keeps one connection's video on the rung of its ladder, once a second. */
import { type Route, readStats } from './health';
import { Ladder, qualityOf, type VideoQuality, videoCeiling } from './ladder';
import { applyRung, kindOf } from './media';

export class Quality {
  private readonly ladder = new Ladder();
  private reportedMs = 0;
  private measuring = false;
  private applying: Promise<void> = Promise.resolve();
  route: Route | null = null;

  constructor(private readonly peer: RTCPeerConnection) {}

  get video(): VideoQuality {
    return qualityOf(this.ladder.rung);
  }

  /** `links`: that share this user's line. */
  async measure(nowMs: number, links: number): Promise<void> {
    if (this.measuring) return;
    this.measuring = true;
    try {
      const report = await this.peer.getStats();
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
      if (this.ladder.look(stats.sample) || limited) await this.apply();
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
