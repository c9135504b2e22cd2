/**
 * Audio first, then the board, then video: how much video a link gets, from what its packets tell.
 *
 * Chromium's own congestion control shares what there is between sound and picture, but goes on sending a picture that
 * fills the queue of a thin line until the sound breaks. The ladder steps the picture down before that, to off at the
 * end, and back up slowly. It reads no clock and touches no connection: samples in, a rung out.
 */

export interface Rung {
  readonly bitrateBps: number;
  readonly scaleDownBy: number;
  readonly framesPerSecond: number;
}

/** Of 320×240 at 15 frames a second. Below the last rung the picture is off. */
export const RUNGS: readonly Rung[] = [
  { bitrateBps: 300_000, scaleDownBy: 1, framesPerSecond: 15 },
  { bitrateBps: 180_000, scaleDownBy: 1, framesPerSecond: 12 },
  { bitrateBps: 100_000, scaleDownBy: 1.5, framesPerSecond: 10 },
  { bitrateBps: 50_000, scaleDownBy: 2, framesPerSecond: 6 },
];
export const OFF = RUNGS.length;
const LOWEST = RUNGS.length - 1;

/** Opus; RED sends each frame twice, and 50 packets a second carry some 62 bytes of headers each. */
export const AUDIO_BPS = 32_000;
const AUDIO_ON_WIRE_BPS = 90_000;
const BOARD_BPS = 60_000;
const USER_BPS = 2_000_000;
/** For retransmits and the unevenness of frames. */
const HEADROOM = 0.9;
const VIDEO_OVERHEAD = 1.08;

/** What one link's video may take so that all links of a user stay under 2 Mbit/s. */
export function videoCeiling(links: number): number {
  const each = (USER_BPS * HEADROOM - BOARD_BPS) / Math.max(1, links) - AUDIO_ON_WIRE_BPS;
  return Math.round(Math.min(RUNGS[0]?.bitrateBps ?? 0, Math.max(0, each) / VIDEO_OVERHEAD));
}

/** What one look at a link found; null: no news. */
export interface LinkSample {
  readonly atMs: number;
  /** Share of our packets that the other side missed, 0…1. */
  readonly loss: number | null;
  readonly rttMs: number | null;
  /** The sender's estimate for all media of the link. */
  readonly availableBps: number | null;
  /**
   * This device does not keep up. Answers then lie about in it, so that a good line looks slow and short: only what the
   * other side counts as lost is still news of the line.
   */
  readonly busy?: boolean;
}

/** Why there is less of a picture: the line carries no more, or this device encodes no more. */
export type Cause = 'line' | 'device';

const LOSS_BAD = 0.08;
const LOSS_SEVERE = 0.2;
const LOSS_GOOD = 0.03;
/** A queue that adds this much is felt in a talk. */
const QUEUE_BAD_MS = 150;
const QUEUE_GOOD_MS = 60;
const QUEUE_SEVERE_MS = 400;
/** Bad for two looks in a row, one second apart: one lost report is nothing. */
const BAD_LOOKS = 2;
/** So long the least picture is given time to make a busy device less so; then it goes, or the sound does. */
const BUSY_OFF_MS = 8_000;
const HOLD_MS = 3_000;
const CLIMB_MIN_MS = 10_000;
const CLIMB_MAX_MS = 120_000;
/** A fall so soon after a climb says that the climb was wrong. */
const RELAPSE_MS = 15_000;
const STEADY_MS = 60_000;
/** The least round trip seen is forgotten this slowly, since a way can become longer. */
const BASE_DRIFT = 0.005;

export class Ladder {
  private at = 0;
  private ceilingBps = videoCeiling(1);
  private baseRttMs: number | null = null;
  private badLooks = 0;
  private goodSinceMs: number | null = null;
  private steppedMs = Number.NEGATIVE_INFINITY;
  private climbedMs = Number.NEGATIVE_INFINITY;
  private climbAfterMs = CLIMB_MIN_MS;
  private reason: Cause | null = null;

  /** Index into RUNGS, or OFF. */
  get rung(): number {
    return this.at;
  }

  /** Of the last step down; null at the top. */
  get cause(): Cause | null {
    return this.at === 0 ? null : this.reason;
  }

  get ceiling(): number {
    return this.ceilingBps;
  }

  /** Null: no picture. */
  get target(): Rung | null {
    const rung = RUNGS[this.at];
    return rung === undefined ? null : { ...rung, bitrateBps: Math.min(rung.bitrateBps, this.ceilingBps) };
  }

  /** The number of links changed. */
  limit(ceilingBps: number): void {
    this.ceilingBps = ceilingBps;
  }

  /** True: `target` changed. */
  look(sample: LinkSample): boolean {
    const before = this.at;
    const line = sample.busy === true ? { ...sample, rttMs: null, availableBps: null } : sample;
    const severe = this.isSevere(line);
    if (severe || this.isBad(line)) this.bad(sample.atMs, severe, this.mayTurnOff(line), 'line');
    else if (sample.busy === true) this.bad(sample.atMs, false, this.isHopeless(sample.atMs), 'device');
    else {
      this.badLooks = 0;
      if (this.isGood(sample)) this.good(sample.atMs);
      else if (sample.loss !== null || sample.rttMs !== null) this.goodSinceMs = null;
    }
    this.learn(line.rttMs);
    return this.at !== before;
  }

  private isHopeless(atMs: number): boolean {
    return this.at === LOWEST && atMs - this.steppedMs >= BUSY_OFF_MS;
  }

  private learn(rttMs: number | null): void {
    if (rttMs === null) return;
    const base = this.baseRttMs ?? rttMs;
    this.baseRttMs = rttMs < base ? rttMs : base + (rttMs - base) * BASE_DRIFT;
  }

  private queueMs({ rttMs }: LinkSample): number {
    return rttMs === null || this.baseRttMs === null ? 0 : rttMs - this.baseRttMs;
  }

  private isShort({ availableBps }: LinkSample): boolean {
    const { target } = this;
    return target !== null && availableBps !== null && availableBps < AUDIO_ON_WIRE_BPS + 0.6 * target.bitrateBps;
  }

  private isSevere(sample: LinkSample): boolean {
    return (sample.loss ?? 0) >= LOSS_SEVERE;
  }

  private isBad(sample: LinkSample): boolean {
    return (sample.loss ?? 0) >= LOSS_BAD || this.queueMs(sample) >= QUEUE_BAD_MS || this.isShort(sample);
  }

  private isGood(sample: LinkSample): boolean {
    const { loss, rttMs } = sample;
    if (loss === null && rttMs === null) return false;
    return (loss ?? 0) < LOSS_GOOD && this.queueMs(sample) < QUEUE_GOOD_MS && !this.isShort(sample);
  }

  /**
   * Loss that comes without a queue is the radio's, not ours: the smallest picture does not make it worse. A slow answer
   * or a low estimate alone may be a busy computer on the other side.
   */
  private mayTurnOff(sample: LinkSample): boolean {
    const queueMs = this.queueMs(sample);
    const isQueueOurs = queueMs >= QUEUE_BAD_MS && (sample.loss ?? 0) >= LOSS_GOOD;
    return this.isSevere(sample) || isQueueOurs || (this.isShort(sample) && queueMs >= QUEUE_SEVERE_MS);
  }

  private bad(atMs: number, severe: boolean, mayTurnOff: boolean, cause: Cause): void {
    this.goodSinceMs = null;
    this.badLooks += 1;
    if (!severe && this.badLooks < BAD_LOOKS) return;
    if (atMs - this.steppedMs < HOLD_MS) return;
    const lowest = mayTurnOff ? OFF : Math.max(this.at, LOWEST);
    const to = Math.min(lowest, this.at + (severe ? 2 : 1));
    if (to === this.at) return;
    if (atMs - this.climbedMs < RELAPSE_MS) this.climbAfterMs = Math.min(CLIMB_MAX_MS, this.climbAfterMs * 2);
    this.at = to;
    this.reason = cause;
    this.steppedMs = atMs;
    this.badLooks = 0;
  }

  private good(atMs: number): void {
    this.goodSinceMs ??= atMs;
    // Steady where the last climb led to, not where the last fall ended.
    const climbed = this.steppedMs === this.climbedMs;
    if (climbed && atMs - this.climbedMs >= STEADY_MS) this.climbAfterMs = CLIMB_MIN_MS;
    if (this.at === 0 || atMs - this.goodSinceMs < this.climbAfterMs) return;
    this.at -= 1;
    this.steppedMs = atMs;
    this.climbedMs = atMs;
    this.goodSinceMs = atMs;
  }
}

/** How a person's own camera reaches the others. */
export type VideoQuality = 'full' | 'reduced' | 'paused';

export function qualityOf(rung: number): VideoQuality {
  if (rung >= OFF) return 'paused';
  return rung >= 2 ? 'reduced' : 'full';
}
