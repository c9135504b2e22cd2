/**
 * Pointers, wheel and two-finger gestures of a board's canvas, told apart and handed to the tool or the camera.
 * One finger draws, two fingers move the page; a pen or mouse works beside resting fingers.
 */

import { type Camera, type Point, panBy, pinch, toBoard, zoomAt } from './camera';
import type { Tool, ToolPoint } from './tools/tool';

export interface InputHost {
  readonly camera: Camera;
  setCamera(camera: Camera): void;
  /** The tool in hand now: space, or a board that is not ours to write on, make it the hand. */
  toolInHand(): Tool;
  /** Runs what edits the board; deals with an edit that is not allowed any more. */
  attempt(run: () => void): void;
  /** The tool behind the middle mouse button. */
  readonly pan: Tool;
  /** Only a pen draws; a finger moves the page. */
  readonly penOnly: { readonly value: boolean };
  /** A pen touched the board. */
  onPen(): void;
  /** A pointer is over the board (board px), or has left it. */
  onPointer(point: Point | null): void;
  /** A gesture begins: the board takes the focus, and what was open elsewhere (a text editor) is closed. */
  onPress(): void;
}

/** A second finger that comes this soon after the first means both were meant to move the page. */
const SECOND_FINGER_MS = 250;
const DOUBLE_CLICK_MS = 350;
const DOUBLE_CLICK_PX = 8;
const WHEEL_ZOOM_PER_PX = 0.0022;
const WHEEL_LINE_PX = 16;
const LARGEST_WHEEL_STEP_PX = 120;

interface Press {
  readonly pointer: number;
  readonly tool: Tool;
  readonly sinceMs: number;
  readonly isPen: boolean;
}

export class PointerInput {
  private press: Press | null = null;
  private readonly fingers = new Map<number, Point>();
  private isPinching = false;
  private lastClick: { readonly at: Point; readonly timeMs: number } | null = null;
  private readonly stop = new AbortController();

  constructor(
    private readonly element: HTMLElement,
    private readonly host: InputHost,
  ) {
    const { signal } = this.stop;
    element.addEventListener('pointerdown', (event) => this.onDown(event), { signal });
    element.addEventListener('pointermove', (event) => this.onMove(event), { signal });
    element.addEventListener('pointerup', (event) => this.onUp(event), { signal });
    element.addEventListener('pointercancel', (event) => this.onCancel(event), { signal });
    element.addEventListener('pointerleave', (event) => this.onLeave(event), { signal });
    element.addEventListener('wheel', (event) => this.onWheel(event), { signal, passive: false });
    element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    // Loaded again, closed or left with the pen down: nobody comes back to lift it.
    globalThis.addEventListener('pagehide', () => this.endNow(), { signal });
  }

  destroy(): void {
    this.cancel();
    this.stop.abort();
  }

  get isPressed(): boolean {
    return this.press !== null;
  }

  /** Ends the gesture under way as if it had not been meant. */
  cancel(): void {
    const { press } = this;
    this.press = null;
    this.run(() => press?.tool.cancel());
  }

  private endNow(): void {
    const { press } = this;
    this.press = null;
    this.run(() => press?.tool.endNow?.());
  }

  private onDown(event: PointerEvent): void {
    const screen = this.screenOf(event);
    if (event.pointerType === 'touch') {
      // The palm that rests beside a writing pen.
      if (this.press?.isPen) {
        event.preventDefault();
        return;
      }
      this.fingers.set(event.pointerId, screen);
      if (this.fingers.size === 2) {
        this.beginPinch(event.timeStamp);
      }
      if (this.fingers.size > 1) {
        event.preventDefault();
        return;
      }
    }
    const isPen = event.pointerType === 'pen';
    if (isPen) {
      this.host.onPen();
      // The palm was there before the pen: what it drew was not meant.
      if (this.press && !this.press.isPen) {
        this.cancel();
        this.fingers.clear();
      }
    }
    if (this.press || (event.button !== 0 && event.button !== 1)) {
      return;
    }
    const isFinger = event.pointerType === 'touch' && this.host.penOnly.value;
    const tool = event.button === 1 || isFinger ? this.host.pan : this.host.toolInHand();
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.host.onPress();
    this.press = { pointer: event.pointerId, tool, sinceMs: event.timeStamp, isPen };
    this.run(() => tool.down(this.pointOf(event)));
  }

  private onMove(event: PointerEvent): void {
    const screen = this.screenOf(event);
    if (this.fingers.has(event.pointerId)) {
      const before = [...this.fingers.values()];
      this.fingers.set(event.pointerId, screen);
      if (this.isPinching) {
        this.movePinch(before);
        return;
      }
    }
    const point = this.pointOf(event);
    this.host.onPointer(point);
    if (this.press?.pointer === event.pointerId) {
      const { tool } = this.press;
      const samples = event.getCoalescedEvents?.() ?? [];
      this.run(() => tool.move(samples.length > 0 ? samples.map((each) => this.pointOf(each)) : [point]));
      if (tool.predict && event.pointerType !== 'mouse') {
        tool.predict((event.getPredictedEvents?.() ?? []).map((each) => this.pointOf(each)));
      }
    } else if (!this.press && event.pointerType !== 'touch') {
      this.host.toolInHand().hover?.(point);
    }
  }

  private onUp(event: PointerEvent): void {
    this.dropFinger(event.pointerId);
    const { press } = this;
    if (press?.pointer !== event.pointerId) {
      return;
    }
    this.press = null;
    const point = this.pointOf(event);
    this.run(() => press.tool.up(point));
    const { lastClick } = this;
    this.lastClick = { at: point.screen, timeMs: event.timeStamp };
    if (
      lastClick &&
      event.timeStamp - lastClick.timeMs < DOUBLE_CLICK_MS &&
      Math.hypot(point.screen.x - lastClick.at.x, point.screen.y - lastClick.at.y) < DOUBLE_CLICK_PX
    ) {
      this.lastClick = null;
      this.run(() => press.tool.doubleClick?.(point));
    }
  }

  private onCancel(event: PointerEvent): void {
    this.dropFinger(event.pointerId);
    if (this.press?.pointer === event.pointerId) {
      this.cancel();
    }
  }

  private onLeave(event: PointerEvent): void {
    if (this.press?.pointer !== event.pointerId) {
      this.host.onPointer(null);
      this.host.toolInHand().hover?.(null);
    }
  }

  /** Wheel scrolls the page; with Ctrl (and for trackpad pinches, which come as Ctrl + wheel) it zooms. */
  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE_PX : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    const { camera } = this.host;
    if (event.ctrlKey || event.metaKey) {
      const step = Math.max(-LARGEST_WHEEL_STEP_PX, Math.min(LARGEST_WHEEL_STEP_PX, dy));
      this.host.setCamera(zoomAt(camera, this.screenOf(event), Math.exp(-step * WHEEL_ZOOM_PER_PX)));
    } else if (event.shiftKey && dx === 0) {
      this.host.setCamera(panBy(camera, -dy, 0));
    } else {
      this.host.setCamera(panBy(camera, -dx, -dy));
    }
  }

  private beginPinch(timeMs: number): void {
    this.isPinching = true;
    const { press } = this;
    if (!press) {
      return;
    }
    if (timeMs - press.sinceMs < SECOND_FINGER_MS) {
      this.cancel();
      return;
    }
    const finger = this.fingers.get(press.pointer);
    this.press = null;
    if (finger) {
      this.run(() => press.tool.up(this.at(finger, timeMs)));
    }
  }

  private movePinch(before: readonly Point[]): void {
    const after = [...this.fingers.values()];
    const [a, b, c, d] = [before[0], before[1], after[0], after[1]];
    if (a && b && c && d) {
      this.host.setCamera(pinch(this.host.camera, [a, b], [c, d]));
    }
  }

  private run(act: () => void): void {
    this.host.attempt(act);
  }

  private dropFinger(pointer: number): void {
    this.fingers.delete(pointer);
    if (this.fingers.size === 0) {
      this.isPinching = false;
    }
  }

  private screenOf(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private at(screen: Point, timeMs: number): ToolPoint {
    return { ...toBoard(this.host.camera, screen), screen, timeMs, pressure: null, isShift: false };
  }

  private pointOf(event: PointerEvent): ToolPoint {
    // Mice report a constant 0.5 and most fingers 0 or 1; only a pen's pressure means something.
    const pressure = event.pointerType === 'pen' ? Math.round(Math.min(1, event.pressure) * 255) : null;
    const isFree = event.ctrlKey || event.metaKey || event.altKey;
    return { ...this.at(this.screenOf(event), event.timeStamp), pressure, isShift: event.shiftKey, isFree };
  }
}
