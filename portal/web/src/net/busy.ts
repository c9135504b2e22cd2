/**
 * Whether this device keeps up. A starved processor looks like a bad line: answers come late, so round trips grow and the
 * browser's estimate falls, though nothing is lost. Three things tell the one from the other, none of which a line
 * touches: how long the page waits for the browser's own statistics, how late the page's own timers are, and how long
 * pictures take to encode.
 */
import { type Encoding, NO_ENCODING } from './health';

/** Looks are this far apart (LIMITS.link_ping_ms). */
const EVERY_MS = 1_000;
/** Recorded with five connections: at most 11 ms, and no timer late, while processors had room; 142 and 261 without. */
const ANSWER_MS = 60;
const LATE_MS = 120;
/** Of one processor, by the pictures of all links. */
const ENCODE_SHARE = 0.6;

export class Busy {
  private askedMs: number | null = null;
  private before: Encoding = NO_ENCODING;

  /** `links`: each encodes its own picture; this one stands for all. */
  look(encoding: Encoding, askedMs: number, answeredMs: number, links: number): boolean {
    const sinceMs = this.askedMs === null ? EVERY_MS : askedMs - this.askedMs;
    const tookMs = encoding.tookMs - this.before.tookMs;
    this.askedMs = askedMs;
    this.before = encoding;
    const isSlow = answeredMs - askedMs >= ANSWER_MS || sinceMs - EVERY_MS >= LATE_MS;
    return isSlow || encoding.isLimited || (tookMs * Math.max(1, links)) / sinceMs >= ENCODE_SHARE;
  }
}
