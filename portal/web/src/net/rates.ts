/** Rate limits: a token bucket that reads no clock of its own. */

/** `rate` tokens flow in each second, `burst` fit. Times are seconds of any monotonic clock. */
export class Bucket {
  private tokens: number;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private atS: number,
  ) {
    this.tokens = burst;
  }

  /** False, and nothing taken, when there is none. */
  take(nowS: number): boolean {
    this.tokens = Math.min(this.burst, this.tokens + (nowS - this.atS) * this.rate);
    this.atS = nowS;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
