/** What a tool is, and what it may use. Tools are state machines fed by `board/input`; they know no DOM. */

import type { Board } from '../../core/board';
import type { PageId, ShapeId } from '../../core/ids';
import type { InkPoint } from '../../core/ink';
import type { Colour, Dash, Fill, Head, Shape } from '../../core/shape';
import type { Box, Camera, Point } from '../camera';
import type { LiveStroke, Sketch } from '../liveLayer';
import type { Pictures } from '../painter';
import type { SceneItem, Theme } from '../scene';
import type { ThingForm } from './shape';

/** Below this zoom, as on a phone that shows a whole page, what is put down would be too small to be read. */
const LEGIBLE_ZOOM = 0.45;

/** How many times its usual size something new gets at this zoom. */
export const enlarged = (zoom: number): number => Math.min(4, Math.max(1, LEGIBLE_ZOOM / zoom));

/** The eraser has two ends: taken again, it is turned round. */
export const nextTool = (name: ToolName, held: ToolName): ToolName =>
  name === 'eraser' && held === 'eraser' ? 'rubber' : name;

export type ToolName =
  | 'pen'
  | 'highlighter'
  | 'eraser'
  | 'text'
  | 'select'
  | 'pan'
  | 'shape'
  | 'polygon'
  | 'note'
  | 'lasso'
  | 'rubber'
  | 'laser';
/** Tools that a colour and a size belong to. */
export type StyledTool = 'pen' | 'highlighter' | 'text' | 'shape' | 'note';

/** One sample of a pointer. */
export interface ToolPoint extends Point {
  /** 0…255; null for devices that have none (mouse, most fingers). */
  readonly pressure: number | null;
  /** ms, from any origin. */
  readonly timeMs: number;
  /** The same place in CSS px of the view. */
  readonly screen: Point;
  readonly isShift: boolean;
  /** A key says that nothing is to snap. */
  readonly isFree?: boolean;
}

/** How shapes look beside colour and size. */
export interface ThingLook {
  readonly fill: Fill;
  readonly dash: Dash;
  readonly head: Head;
  readonly opacity: number;
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
  /** The part of the board on the screen. */
  readonly visible: Box;
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
  style(tool: StyledTool): ToolStyle;
  /** What the shape tool draws, and how. */
  readonly form: ThingForm;
  readonly look: ThingLook;
  readonly theme: Theme;
  readonly pictures: Pictures;
  readonly isWritable: { readonly value: boolean };
  /** Whether things keep to the lines of others and of the page. */
  readonly snaps: { readonly value: boolean };
  selection: ReadonlySet<ShapeId>;
  choose(tool: ToolName): void;
  /** The ruler or compass that lies on the board. */
  readonly guides: {
    /** For a pen put down at a point: where it goes from there, or null where nothing guides it. */
    along(from: Point): ((to: Point) => Point) | null;
    readonly drawn: { value: number | null };
  };
  openText(target: TextTarget): void;
  /** Opens the dialog in which a shape was written; false where there is none. */
  openThing(shape: Shape): boolean;
  /** A tool that makes one thing at a time has made it: it is chosen, and the hand is free for it. */
  made(id: ShapeId): void;
  /** Something passes over the board that the others see and nobody keeps. */
  point(at: Point | null): void;
  /** Tells those who hear the board what has just happened. */
  say(words: string): void;
}

export interface Tool {
  /** CSS cursor over the board. */
  readonly cursor: string;
  down(point: ToolPoint): void;
  /** All samples since the last call, oldest first. */
  move(points: readonly ToolPoint[]): void;
  /** Where the browser thinks the pointer will be in the next frame: shown until the true points come, never kept. */
  predict?(points: readonly ToolPoint[]): void;
  up(point: ToolPoint): void;
  /** The gesture turned out to be another (a second finger) or was taken away; leave no trace if that is possible. */
  cancel(): void;
  /** The page ends in the midst of it: whoever has something to keep ends it here. */
  endNow?(): void;
  /** A pointer that is not pressed passes by, or is gone. */
  hover?(point: ToolPoint | null): void;
  doubleClick?(point: ToolPoint): void;
  /** A key without Ctrl and Alt while it is in hand; true: it was for the tool. */
  key?(key: string, isShift: boolean): boolean;
  /** Another tool takes over, or another page. */
  leave?(): void;
  strokes?(): readonly LiveStroke[];
  sketches?(): readonly Sketch[];
}

/** How close, in CSS px, a pointer must come to a thing to touch it. */
export const TOUCH_PX = 6;
