/** Select: click a thing or pull a box around things; drag them, their handles or the knob that turns them. */

import { withEnds } from '../../core/arrows';
import type { ShapeFields } from '../../core/board';
import type { ShapeId } from '../../core/ids';
import { isLine, isWritten, type LineShape, type Shape } from '../../core/shape';
import { type Box, growBox, type Point, unionBox } from '../camera';
import { touches } from '../hit';
import type { Sketch } from '../liveLayer';
import { measureText } from '../measure';
import { paintItem } from '../painter';
import { sceneItem } from '../scene';
import { bandSketch, gripSketch, handleSketch } from '../sketches';
import {
  type Changes,
  changed,
  type Grip,
  gripAround,
  HANDLES,
  type Handle,
  handlePoint,
  middleOfBox,
  movedBy,
  resized,
  turnedBy,
} from '../transform';
import { cornersOfBox, turned } from '../turn';
import { bindingAt } from './bind';
import { withContents } from './contents';
import { Snapping } from './snapping';
import { TOUCH_PX, type Tool, type ToolHost, type ToolPoint } from './tool';

interface Drag {
  readonly from: Point;
  readonly shapes: readonly Shape[];
  /** What the shapes become where the pointer is now. */
  readonly change: (to: ToolPoint) => Changes;
  changes: Changes;
  isDragging: boolean;
  readonly isHandle: boolean;
}

type DragGesture = { readonly kind: 'drag' } & Drag;
type Gesture =
  | DragGesture
  | { readonly kind: 'box'; readonly from: Point; to: Point; readonly kept: ReadonlySet<ShapeId> };

/** A press that moves less than this (CSS px) is a click. */
const DRAG_PX = 4;
/** Handles answer within a square of 24 CSS px, as WCAG 2.2 asks. */
const HANDLE_REACH_PX = 13;
const KNOB_PX = 26;
const STEP_ANGLE = Math.PI / 12;
/** More than this at once is shown as it was until it is let go: painting it anew each frame would stutter. */
const MOST_PREVIEWED = 120;

/** The topmost thing at a point, or null. */
export function thingAt(host: ToolHost, point: Point): ShapeId | null {
  const radius = TOUCH_PX / host.view.camera.zoom;
  const around: Box = growBox({ minX: point.x, minY: point.y, maxX: point.x, maxY: point.y }, radius);
  for (const entry of host.view.scene.inside(around).slice().reverse()) {
    const id = entry.id as ShapeId;
    const item = host.view.scene.item(id);
    if (item && touches(item, point, point, radius)) {
      return id;
    }
  }
  return null;
}

export class SelectTool implements Tool {
  readonly cursor = 'default';
  private gesture: Gesture | null = null;
  private readonly snapping: Snapping;

  constructor(private readonly host: ToolHost) {
    this.snapping = new Snapping(host);
  }

  down(point: ToolPoint): void {
    const held = this.grabHandle(point);
    if (held) {
      this.gesture = { ...held, isHandle: true };
      return;
    }
    const hit = thingAt(this.host, point) ?? this.insideSelection(point);
    this.choose(hit, point.isShift);
    const shapes = withContents(this.movable(), this.host);
    const around = this.edgesAround(shapes);
    this.gesture = hit
      ? this.drag(point, shapes, (to) => {
          const way = [to.x - point.x, to.y - point.y] as const;
          return movedBy(shapes, ...(around ? this.snapping.moved(around, ...way, to) : way));
        })
      : { kind: 'box', from: point, to: point, kept: this.host.selection };
  }

  move(points: readonly ToolPoint[]): void {
    const { gesture, host } = this;
    const point = points.at(-1);
    if (!gesture || !point) {
      return;
    }
    if (gesture.kind === 'box') {
      gesture.to = point;
      host.selection = new Set([...gesture.kept, ...this.thingsInside(boxOf(gesture.from, gesture.to))]);
    } else {
      const { from } = gesture;
      const isFar = Math.hypot(point.x - from.x, point.y - from.y) * host.view.camera.zoom >= DRAG_PX;
      if (isFar && !gesture.isDragging && gesture.shapes.length > 0) {
        gesture.isDragging = true;
        this.snapping.begin(gesture.shapes);
        host.view.setLifted(new Set([...gesture.shapes.map(({ id }) => id), ...this.followersOf(gesture.shapes)]));
      }
      if (gesture.isDragging) {
        gesture.changes = gesture.change(point);
      }
    }
    host.view.refreshLive();
  }

  up(point: ToolPoint): void {
    this.move([point]);
    const { gesture, host } = this;
    this.end();
    if (gesture?.kind === 'drag' && gesture.isDragging) {
      host.board.setEach(gesture.changes);
    } else if (gesture?.kind === 'drag' && gesture.isHandle) {
      // Only pressed, not pulled: what lies under the handle was meant.
      this.choose(thingAt(host, point) ?? this.insideSelection(point), point.isShift);
    }
  }

  cancel(): void {
    this.end();
  }

  leave(): void {
    this.end();
    this.host.selection = new Set();
  }

  /** Letters are written; a member of a group is taken alone. */
  doubleClick(point: ToolPoint): void {
    const id = thingAt(this.host, point) ?? this.insideSelection(point);
    const shape = id ? this.host.board.shape(id) : null;
    if (shape && isWritten(shape) && !shape.locked) {
      this.host.selection = new Set();
      this.host.openText({ id: shape.id, x: shape.x, y: shape.y });
    } else if (shape && !this.host.openThing(shape)) {
      this.host.selection = new Set([shape.id]);
    }
  }

  sketches(): readonly Sketch[] {
    const { gesture, host } = this;
    const { zoom } = host.view.camera;
    if (gesture?.kind === 'box') {
      return [...this.frames(), bandSketch(cornersOfBox(boxOf(gesture.from, gesture.to)), zoom)];
    }
    return gesture?.isDragging ? [...this.preview(gesture), ...this.snapping.sketches()] : this.frames();
  }

  /** What is chosen, and can be changed. */
  private movable(): Shape[] {
    return this.chosen().filter((shape) => !shape.locked);
  }

  private chosen(): Shape[] {
    return [...this.host.selection].flatMap((id) => this.host.board.shape(id) ?? []);
  }

  private choose(hit: ShapeId | null, isShift: boolean): void {
    const { host } = this;
    const { selection } = host;
    const members = hit ? host.board.groupOf(hit) : [];
    if (hit && isShift) {
      const next = new Set(selection);
      const isIn = next.has(hit);
      for (const id of members) {
        if (isIn) {
          next.delete(id);
        } else {
          next.add(id);
        }
      }
      host.selection = next;
    } else if (hit && !selection.has(hit)) {
      host.selection = new Set(members);
    } else if (!hit && !isShift) {
      host.selection = new Set();
    }
  }

  private drag(from: Point, shapes: readonly Shape[], change: (to: ToolPoint) => Changes): DragGesture {
    return { kind: 'drag', from, shapes, change, changes: new Map(), isDragging: false, isHandle: false };
  }

  private grabHandle(point: ToolPoint): DragGesture | null {
    const shapes = this.movable();
    const line = shapes.length === 1 && shapes[0] && isLine(shapes[0]) ? shapes[0] : null;
    const reach = HANDLE_REACH_PX / this.host.view.camera.zoom;
    const isNear = (at: Point): boolean => Math.max(Math.abs(at.x - point.x), Math.abs(at.y - point.y)) <= reach;
    if (line) {
      const end = lineEnds(line).findIndex((at) => isNear(at));
      return end < 0
        ? null
        : this.drag(point, [line], (to) => new Map([[line.id, this.endMoved(line, end === 0, to)]]));
    }
    const grip = this.grip(shapes);
    if (!grip) {
      return null;
    }
    const middle = middleOfBox(grip);
    if (isNear(this.knob(grip))) {
      return this.drag(point, shapes, (to) => turnedBy(shapes, middle, this.angleTo(grip, middle, to)));
    }
    const handle = this.handles(grip).find((each) => isNear(handlePoint(grip, each)));
    const isPhoto = shapes.every((shape) => shape.type === 'image' || shape.type === 'math');
    return handle
      ? this.drag(point, shapes, (to) =>
          resized(shapes, grip, handle, this.snapping.pulled(grip, handle, to), to.isShift !== isPhoto),
        )
      : null;
  }

  private angleTo(grip: Grip, middle: Point, to: ToolPoint): number {
    const angle = Math.atan2(to.y - middle.y, to.x - middle.x) + Math.PI / 2 - grip.rotation;
    const whole = grip.rotation + angle;
    return to.isShift ? Math.round(whole / STEP_ANGLE) * STEP_ANGLE - grip.rotation : angle;
  }

  private endMoved(line: LineShape, isStart: boolean, to: Point): ShapeFields {
    const [from, end] = lineEnds(line);
    const target = line.type === 'arrow' ? bindingAt(this.host, to) : null;
    return isStart
      ? { x: to.x, y: to.y, dx: end.x - to.x, dy: end.y - to.y, start: target }
      : { x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y, end: target };
  }

  private insideSelection(point: Point): ShapeId | null {
    const around = growBox({ minX: point.x, minY: point.y, maxX: point.x, maxY: point.y }, 0);
    const under = this.host.view.scene.inside(around).toReversed();
    return (under.find((entry) => this.host.selection.has(entry.id as ShapeId))?.id as ShapeId | undefined) ?? null;
  }

  private around(shapes: readonly Shape[]): Box | null {
    let around: Box | null = null;
    for (const { id } of shapes) {
      around = unionBox(around, this.host.view.scene.boxOf(id));
    }
    return around;
  }

  /** The box that snaps: of one thing its own, without the pen it is drawn with. */
  private edgesAround(shapes: readonly Shape[]): Box | null {
    const [shape] = shapes;
    const isOne = shape && (shapes.length === 1 || shape.type === 'frame');
    const around = this.around(isOne ? [shape] : shapes);
    return isOne && around && shape.rotation === 0 ? gripAround([shape], around) : around;
  }

  private grip(shapes: readonly Shape[]): Grip | null {
    const around = this.around(shapes);
    return around ? gripAround(shapes, around) : null;
  }

  private knob(grip: Grip): Point {
    const { zoom } = this.host.view.camera;
    const middle = middleOfBox(grip);
    return turned({ x: middle.x, y: grip.minY - KNOB_PX / zoom }, middle, grip.rotation);
  }

  /** Handles in the middle of a side stand only where there is room between the corners. */
  private handles(grip: Grip): Handle[] {
    const least = (3 * 24) / this.host.view.camera.zoom;
    return HANDLES.filter((handle) => {
      if (handle.length === 2) {
        return true;
      }
      return (handle === 'n' || handle === 's' ? grip.maxX - grip.minX : grip.maxY - grip.minY) >= least;
    });
  }

  private frames(): Sketch[] {
    const chosen = this.chosen();
    const { zoom } = this.host.view.camera;
    const movable = chosen.filter((shape) => !shape.locked);
    const [only] = chosen;
    if (only && chosen.length === 1 && isLine(only) && !only.locked) {
      return lineEnds(only).map((at) => handleSketch(at, zoom));
    }
    const grip = this.grip(movable.length > 0 ? movable : chosen);
    if (!grip) {
      return [];
    }
    const sketches = [gripSketch(grip, zoom, movable.length === 0)];
    if (movable.length > 0 && this.gesture === null && this.host.isWritable.value) {
      sketches.push(...this.handles(grip).map((handle) => handleSketch(handlePoint(grip, handle), zoom)));
      sketches.push(handleSketch(this.knob(grip), zoom, true));
    }
    return sketches;
  }

  /** The shapes, and the arrows that hang on them, as they will be. */
  private preview(drag: Drag): Sketch[] {
    const { board, theme, pictures } = this.host;
    const after = new Map(drag.shapes.map((shape) => [shape.id, changed(shape, drag.changes.get(shape.id))]));
    if (after.size > MOST_PREVIEWED) {
      return this.shifted(drag);
    }
    const lookup = (id: ShapeId): Shape | null => after.get(id) ?? board.shape(id);
    const hanging = this.followersOf(drag.shapes).flatMap((id) => board.shape(id) ?? []);
    const painted = [...after.values(), ...hanging].flatMap((shape): Sketch[] => {
      const item = sceneItem(withEnds(shape, lookup), measureText);
      const paint: Sketch['paint'] = (context, scale) => item && paintItem(context, item, scale, theme, 1, pictures);
      return item ? [{ box: item.box, paint }] : [];
    });
    let around: Box | null = null;
    for (const { box } of painted.slice(0, after.size)) {
      around = unionBox(around, box);
    }
    return around ? [...painted, gripSketch({ ...around, rotation: 0 }, this.host.view.camera.zoom, false)] : painted;
  }

  /** Very many shapes: their pictures as they are, at the new place of the first. */
  private shifted(drag: Drag): Sketch[] {
    const { scene } = this.host.view;
    const [first] = drag.shapes;
    const to = first ? drag.changes.get(first.id) : undefined;
    const [dx, dy] = first && to ? [Number(to.x) - first.x, Number(to.y) - first.y] : [0, 0];
    return drag.shapes.flatMap(({ id }) => {
      const box = scene.boxOf(id);
      if (!box) {
        return [];
      }
      const moved = { minX: box.minX + dx, minY: box.minY + dy, maxX: box.maxX + dx, maxY: box.maxY + dy };
      const paint: Sketch['paint'] = (context, scale) => {
        context.translate(dx, dy);
        scene.paintShape(context, id, scale);
        context.translate(-dx, -dy);
      };
      return [{ box: moved, paint }];
    });
  }

  /** Arrows bound to these that are not among them. */
  private followersOf(shapes: readonly Shape[]): ShapeId[] {
    const ids = new Set(shapes.map(({ id }) => id));
    return this.host.board.followersOf(ids).filter((id) => !ids.has(id) && this.host.board.shape(id)?.erased === false);
  }

  private thingsInside(box: Box): ShapeId[] {
    const { board, view } = this.host;
    const found = view.scene
      .inside(box)
      .map((entry) => entry.id as ShapeId)
      .filter((id) => {
        const own = view.scene.boxOf(id);
        const isInside =
          own && own.minX >= box.minX && own.minY >= box.minY && own.maxX <= box.maxX && own.maxY <= box.maxY;
        return isInside && !board.shape(id)?.locked;
      });
    return found.flatMap((id) => board.groupOf(id));
  }

  private end(): void {
    this.gesture = null;
    this.snapping.end();
    this.host.view.setLifted(new Set());
    this.host.view.refreshLive();
  }
}

const lineEnds = ({ ends }: LineShape): [Point, Point] => [
  { x: ends.x1, y: ends.y1 },
  { x: ends.x2, y: ends.y2 },
];

function boxOf(a: Point, b: Point): Box {
  return { minX: Math.min(a.x, b.x), minY: Math.min(a.y, b.y), maxX: Math.max(a.x, b.x), maxY: Math.max(a.y, b.y) };
}
