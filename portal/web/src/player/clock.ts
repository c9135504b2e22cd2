/**
 * The master clock of playback: everything that is shown or heard follows it. Pure: the caller brings `now_ms` of any
 * steady clock (performance.now). Positions are ms of room time.
 */
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3] as const;

export class MasterClock {
  #start_ms: number;
  #end_ms: number;
  #anchor_ms: number;
  #anchorNow_ms = 0;
  #speed = 1;
  #playing = false;
  readonly #holds = new Set<string>();

  constructor(start_ms: number, end_ms: number) {
    this.#start_ms = start_ms;
    this.#end_ms = Math.max(start_ms, end_ms);
    this.#anchor_ms = start_ms;
  }

  get start_ms(): number {
    return this.#start_ms;
  }

  get end_ms(): number {
    return this.#end_ms;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The person wants it to play; it may still be held. */
  get playing(): boolean {
    return this.#playing;
  }

  get isHeld(): boolean {
    return this.#holds.size > 0;
  }

  /** Time passes right now. */
  get isRunning(): boolean {
    return this.#playing && this.#holds.size === 0;
  }

  position(now_ms: number): number {
    const passed = this.isRunning ? (now_ms - this.#anchorNow_ms) * this.#speed : 0;
    return Math.min(this.#end_ms, Math.max(this.#start_ms, this.#anchor_ms + passed));
  }

  /** Playing at the end begins again at the start. */
  play(now_ms: number): void {
    this.#settle(now_ms);
    if (this.#anchor_ms >= this.#end_ms) {
      this.#anchor_ms = this.#start_ms;
    }
    this.#playing = true;
  }

  pause(now_ms: number): void {
    this.#settle(now_ms);
    this.#playing = false;
  }

  seek(position_ms: number, now_ms: number): void {
    this.#anchor_ms = Math.min(this.#end_ms, Math.max(this.#start_ms, position_ms));
    this.#anchorNow_ms = now_ms;
  }

  setSpeed(speed: number, now_ms: number): void {
    this.#settle(now_ms);
    this.#speed = Math.min(3, Math.max(0.5, speed));
  }

  /** Stops time for a reason (a track that is loading) until it is released. */
  hold(reason: string, now_ms: number): void {
    this.#settle(now_ms);
    this.#holds.add(reason);
  }

  release(reason: string, now_ms: number): void {
    this.#settle(now_ms);
    this.#holds.delete(reason);
  }

  /** A lesson that still runs grows; its position stays where it is. */
  extend(start_ms: number, end_ms: number, now_ms: number): void {
    this.#settle(now_ms);
    this.#start_ms = start_ms;
    this.#end_ms = Math.max(start_ms, end_ms);
    this.#anchor_ms = Math.min(this.#end_ms, Math.max(this.#start_ms, this.#anchor_ms));
  }

  /** Pauses at the end. Returns whether it just did. */
  stopAtEnd(now_ms: number): boolean {
    if (this.#playing && this.position(now_ms) >= this.#end_ms) {
      this.pause(now_ms);
      return true;
    }
    return false;
  }

  #settle(now_ms: number): void {
    this.#anchor_ms = this.position(now_ms);
    this.#anchorNow_ms = now_ms;
  }
}
