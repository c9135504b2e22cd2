/**
 * The tools that a hand leads over the board, led with the keyboard: Enter takes the tool up in the middle of what is
 * seen, arrows move it (with Shift four times as far), Enter puts it down and lifts it, Escape puts it away.
 */

import { t } from '../ui/i18n';
import type { Box, Camera, Point } from './camera';
import { toScreen } from './camera';
import type { Sketch } from './liveLayer';
import { handleSketch } from './sketches';
import type { Tool, ToolName, ToolPoint } from './tools/tool';
import { middleOfBox } from './transform';
import { ARROWS, whereWords } from './words';

export interface KeyPointerHost {
  readonly tool: { readonly value: ToolName };
  readonly view: { readonly camera: Camera; readonly visible: Box; refreshLive(): void };
  toolInHand(): Tool;
  setCamera(camera: Camera): void;
  attempt(run: () => void): void;
  /** Shows the others where it is. */
  onPointer(point: Point | null): void;
  say(words: string): void;
}

/** Shapes, notes and polygons have keys of their own. */
const LED: ReadonlySet<ToolName> = new Set(['pen', 'highlighter', 'eraser', 'rubber', 'lasso', 'laser', 'text']);
/** A press is all that these take. */
const CLICKED: ReadonlySet<ToolName> = new Set(['text']);
/** CSS px that an arrow moves it; four times as far with Shift. */
const STEP_PX = 10;
const FAR = 4;
/** A step is told to the tool in so many parts: a line, not two dots. */
const PARTS = 4;
/** Of 255: a line as wide as the pen's size says. */
const PRESSURE = 128;
/** Nearer than this to the edge of what is seen, the page comes along. CSS px. */
const EDGE_PX = 40;

export class KeyPointer {
  /** Board px; null: it is not taken up. */
  private at: Point | null = null;
  private pressed: Tool | null = null;

  constructor(private readonly host: KeyPointerHost) {}

  get isPressed(): boolean {
    return this.pressed !== null;
  }

  /** True: the key was for it. */
  key(key: string, isShift: boolean): boolean {
    const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
    if (!LED.has(this.host.tool.value)) {
      return false;
    }
    if (key === 'Enter') {
      this.enter();
      return true;
    }
    if (this.at === null) {
      return false;
    }
    if (arrow) {
      this.move(this.at, arrow, isShift);
      return true;
    }
    if (key === 'Escape') {
      this.host.say(this.pressed ? t('Dropped') : t('Put away'));
      this.drop();
      return true;
    }
    return false;
  }

  /** Another tool, another page: nothing of it is left. */
  leave(): void {
    this.drop();
    if (this.at) {
      this.drop();
    }
  }

  /** Drops what is under way, and if nothing is, the tool. */
  private drop(): void {
    const { pressed } = this;
    this.pressed = null;
    if (pressed) {
      this.host.attempt(() => pressed.cancel());
    } else if (this.at) {
      this.host.toolInHand().hover?.(null);
      this.host.onPointer(null);
    }
    this.at = pressed ? this.at : null;
    this.host.view.refreshLive();
  }

  sketches(): readonly Sketch[] {
    return this.at ? [handleSketch(this.at, this.host.view.camera.zoom, this.isPressed)] : [];
  }

  private enter(): void {
    const { at, pressed, host } = this;
    if (!at) {
      this.at = middleOfBox(host.view.visible);
      this.show(this.at);
      host.say(t('In the middle. Arrows move it, Enter puts it down, Escape puts it away.'));
    } else if (pressed) {
      this.pressed = null;
      host.attempt(() => pressed.up(this.pointAt(at)));
      host.say(t('Lifted at {place}', { place: whereWords(at) }));
    } else if (CLICKED.has(host.tool.value)) {
      const tool = host.toolInHand();
      this.at = null;
      host.attempt(() => {
        tool.down(this.pointAt(at));
        tool.up(this.pointAt(at));
      });
    } else {
      const tool = host.toolInHand();
      this.pressed = tool;
      host.attempt(() => tool.down(this.pointAt(at)));
      host.say(t('Down at {place}', { place: whereWords(at) }));
    }
    host.view.refreshLive();
  }

  private move(from: Point, [dx, dy]: readonly [number, number], isShift: boolean): void {
    const { host, pressed } = this;
    const far = (STEP_PX * (isShift ? FAR : 1)) / host.view.camera.zoom;
    const to = { x: from.x + dx * far, y: from.y + dy * far };
    this.at = to;
    if (pressed) {
      const way = Array.from({ length: PARTS }, (_, i) => {
        const share = (i + 1) / PARTS;
        return this.pointAt({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
      });
      host.attempt(() => pressed.move(way));
    }
    this.show(to);
    host.say(whereWords(to));
    host.view.refreshLive();
  }

  private show(at: Point): void {
    const { host } = this;
    const { camera, visible } = host.view;
    const margin = EDGE_PX / camera.zoom;
    const [dx, dy] = [
      beyond(at.x, visible.minX + margin, visible.maxX - margin),
      beyond(at.y, visible.minY + margin, visible.maxY - margin),
    ];
    if (dx !== 0 || dy !== 0) {
      host.setCamera({ ...camera, x: camera.x + dx, y: camera.y + dy });
    }
    if (this.pressed === null) {
      host.toolInHand().hover?.(this.pointAt(at));
    }
    // A laser that is on tells by itself where it is.
    if (this.pressed === null || host.tool.value !== 'laser') {
      host.onPointer(at);
    }
  }

  /** What a key draws is as wide everywhere, and meant as it is: nothing snaps, nothing becomes another shape. */
  private pointAt(at: Point): ToolPoint {
    const screen = toScreen(this.host.view.camera, at);
    return { ...at, screen, pressure: PRESSURE, timeMs: performance.now(), isShift: false, isFree: true };
  }
}

function beyond(value: number, least: number, most: number): number {
  return value < least ? value - least : value > most ? value - most : 0;
}
