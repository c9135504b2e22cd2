/** What a tool is, and what it may use. Tools are state machines fed by `board/input`; they know no DOM. */

import type { Board } from '../../core/board';
import type { PageId, ShapeId } from '../../core/ids';
import type { InkPoint } from '../../core/ink';
import type { Colour } from '../../core/shape';
import type { Box, Camera, Point } from '../camera';
import type { LiveStroke, Sketch } from '../liveLayer';
import type { SceneItem } from '../scene';

export type ToolName = 'pen' | 'highlighter' | 'eraser' | 'text' | 'select' | 'pan';

/** One sample of a pointer. */
export interface ToolPoint extends Point {
  /** 0…255; null for devices that have none (mouse, most fingers). */
  readonly pressure: number | null;
  /** ms, from any origin. */
  readonly timeMs: number;
  /** The same place in CSS px of the view. */
  readonly screen: Point;
  readonly isShift: boolean;
}

export interface ToolStyle {
  readonly colour: Colour;
  readonly size: number;
}

/** Where a stroke in progress is told to the others. */
export interface LiveInk {
  begin(stroke: { page: PageId; stroke: number; kind: 'draw' | 'highlight'; colour: Colour; size: number }): void;
  extend(points: readonly InkPoint[]): void;
  end(): void;
}

/** The part of a board's view that tools use. */
export interface ToolView {
  readonly camera: Camera;
  setCamera(camera: Camera): void;
  setFaded(ids: ReadonlySet<ShapeId>): void;
  setLifted(ids: ReadonlySet<ShapeId>): void;
  refreshLive(): void;
  readonly scene: {
    inside(box: Box): readonly { readonly id: string }[];
    item(id: ShapeId): SceneItem | null;
    boxOf(id: ShapeId): Box | null;
    paintShape(context: CanvasRenderingContext2D, id: ShapeId, scale: number): void;
  };
}

/** Where the text editor stands, and on what. */
export interface TextTarget {
  readonly id: ShapeId | null;
  readonly x: number;
  readonly y: number;
}

export interface ToolHost {
  readonly board: Board;
  readonly page: PageId;
  readonly view: ToolView;
  readonly live: LiveInk;
  /** Room clock, unix ms. */
  now(): number;
  style(tool: 'pen' | 'highlighter' | 'text'): ToolStyle;
  selection: ReadonlySet<ShapeId>;
  openText(target: TextTarget): void;
}

export interface Tool {
  /** CSS cursor over the board. */
  readonly cursor: string;
  down(point: ToolPoint): void;
  /** All samples since the last call, oldest first. */
  move(points: readonly ToolPoint[]): void;
  up(point: ToolPoint): void;
  /** The gesture turned out to be another (a second finger) or was taken away; leave no trace if that is possible. */
  cancel(): void;
  /** A pointer that is not pressed passes by, or is gone. */
  hover?(point: ToolPoint | null): void;
  doubleClick?(point: ToolPoint): void;
  /** Another tool takes over. */
  leave?(): void;
  strokes?(): readonly LiveStroke[];
  sketches?(): readonly Sketch[];
}

/** How close, in CSS px, a pointer must come to a thing to touch it. */
export const TOUCH_PX = 6;
