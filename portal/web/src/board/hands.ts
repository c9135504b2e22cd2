/** What can be done with what is chosen: each is one step of undo, and leaves alone what is locked. */

import type { Board, ShapeFields } from '../core/board';
import { putShapes } from '../core/copy';
import type { PageId, ShapeId } from '../core/ids';
import { indexAfter, indexBefore, indexBetween } from '../core/pageindex';
import { byIndex, isLine, type Shape } from '../core/shape';
import { t } from '../ui/i18n';
import { type Box, HOME_BOX, type Point, unionBox } from './camera';
import { freePlace } from './freePlace';
import { OpenJsonError, readOpen, writeOpen } from './openJson';
import { withContents } from './tools/contents';
import {
  type Alignment,
  aligned,
  gripAround,
  type Member,
  middleOfBox,
  movedBy,
  resized,
  spread,
  turnedBy,
} from './transform';

export type Level = 'front' | 'forward' | 'backward' | 'back';

export interface HandsHost {
  readonly board: Board;
  readonly page: PageId;
  readonly view: {
    readonly scene: { inside(box: Box): readonly { readonly id: string }[]; boxOf(id: ShapeId): Box | null };
    readonly visible: Box;
  };
  readonly cameras: { reveal(box: Box): void };
  selection: ReadonlySet<ShapeId>;
  now(): number;
  attempt(run: () => unknown): void;
}

const OFFSET_PX = 24;
/** How much of the window a new picture fills at most; the smaller ones where there is no room for the larger. */
const PICTURE_SHARES = [0.45, 0.32, 0.22] as const;

export class Hands {
  /** What was duplicated last: where the original's corner was, and the copy while nothing else is chosen. */
  private copied: { readonly from: Point; readonly selection: ReadonlySet<ShapeId> } | null = null;

  constructor(private readonly host: HandsHost) {}

  /** In painting order. */
  chosen(): Shape[] {
    return [...this.host.selection].flatMap((id) => this.host.board.shape(id) ?? []).sort(byIndex);
  }

  free(): Shape[] {
    return this.chosen().filter((shape) => !shape.locked);
  }

  set(fields: ShapeFields): void {
    const ids = this.free().map(({ id }) => id);
    if (ids.length > 0) {
      this.host.attempt(() => this.host.board.setFields(ids, fields));
    }
  }

  /** Frames take along what lies in them. */
  move(dx: number, dy: number): void {
    this.change((shapes) => movedBy(withContents(shapes, this.host), dx, dy));
  }

  turn(angle: number): void {
    this.change((shapes, around) => turnedBy(shapes, middleOfBox(around), angle));
  }

  /** Wider and higher by so many board px; of one line by itself its end moves. */
  grow(dw: number, dh: number): void {
    this.change((shapes, around) => {
      const [only, ...others] = shapes;
      if (only && isLine(only) && others.length === 0) {
        const { x1: x, y1: y, x2, y2 } = only.ends;
        return new Map([[only.id, { x, y, dx: x2 + dw - x, dy: y2 + dh - y, ...(only.end ? { end: null } : {}) }]]);
      }
      const grip = gripAround(shapes, around);
      const to = { x: grip.maxX + dw, y: grip.maxY + dh };
      return resized(shapes, { ...grip, rotation: 0 }, 'se', to, false);
    });
  }

  remove(): void {
    const ids = this.free().map(({ id }) => id);
    if (ids.length > 0) {
      this.host.selection = new Set();
      this.host.attempt(() => this.host.board.erase(ids));
    }
  }

  lock(isLocked: boolean): void {
    const ids = [...this.host.selection];
    this.host.attempt(() => this.host.board.setFields(ids, { locked: isLocked ? true : null }));
  }

  group(): void {
    const { board } = this.host;
    if (this.free().length > 1) {
      this.host.attempt(() => this.set({ group: board.shapeId(board.nextShapeNumber()) }));
    }
  }

  ungroup(): void {
    this.set({ group: null });
  }

  align(how: Alignment): void {
    this.change((_, around) => aligned(this.members(), around, how));
  }

  spread(isAcross: boolean): void {
    this.change(() => spread(this.members(), isAcross));
  }

  /** To the top, to the bottom, or past the next shape that is not chosen. */
  level(to: Level): void {
    const { board, page, selection } = this.host;
    const shapes = this.free();
    const all = board.shapes(page);
    const rest = all.filter(({ id }) => !selection.has(id));
    const [lowest, highest] = [shapes[0], shapes.at(-1)];
    if (!lowest || !highest || rest.length === 0) {
      return;
    }
    let slot: number;
    if (to === 'front') {
      slot = rest.length;
    } else if (to === 'back') {
      slot = 0;
    } else if (to === 'forward') {
      const next = rest.findIndex((other) => byIndex(other, highest) > 0);
      slot = next < 0 ? rest.length : next + 1;
    } else {
      const below = rest.findLastIndex((other) => byIndex(other, lowest) < 0);
      slot = Math.max(0, below);
    }
    const indices = between(rest[slot - 1]?.index ?? null, rest[slot]?.index ?? null, shapes.length);
    this.host.attempt(() => board.setEach(shapes.map(({ id }, i) => [id, { index: indices[i] ?? null }] as const)));
  }

  /** Beside the original; a copy that was moved and is copied again goes on in the same steps. */
  duplicate(): void {
    const { copied } = this;
    const chosen = this.aroundChosen();
    const isAgain = copied !== null && chosen !== null && this.host.selection === copied.selection;
    const [dx, dy] = isAgain ? [chosen.minX - copied.from.x, chosen.minY - copied.from.y] : [OFFSET_PX, OFFSET_PX];
    this.put(this.chosen(), dx, dy);
    this.copied = chosen && { from: { x: chosen.minX, y: chosen.minY }, selection: this.host.selection };
  }

  /** For the clipboard; '' when nothing is chosen. */
  copy(): string {
    const shapes = this.chosen();
    return shapes.length === 0 ? '' : writeOpen([{ title: '', background: 'plain', shapes }]);
  }

  /** Puts what was copied in the middle of what is seen, or beside its original. Raises OpenJsonError. */
  paste(text: string): void {
    const shapes = readOpen(text).flatMap((page) => page.shapes);
    if (shapes.length === 0) {
      throw new OpenJsonError(t('There is nothing in it that can be shown.'));
    }
    const { visible } = this.host.view;
    const isSeen = shapes.some(
      ({ x, y }) => x >= visible.minX && x <= visible.maxX && y >= visible.minY && y <= visible.maxY,
    );
    const [first] = shapes;
    const middle = middleOfBox(visible);
    const [dx, dy] = isSeen || !first ? [OFFSET_PX, OFFSET_PX] : [middle.x - first.x, middle.y - first.y];
    this.put(shapes, dx, dy);
  }

  private put(shapes: readonly Shape[], dx: number, dy: number): void {
    if (shapes.length > 0) {
      this.host.attempt(() => {
        const { board, page } = this.host;
        this.host.selection = new Set(putShapes(board, page, shapes, { dx, dy }, this.host.now()));
      });
    }
  }

  private change(run: (shapes: readonly Shape[], around: Box) => ReadonlyMap<ShapeId, ShapeFields>): void {
    const shapes = this.free();
    const around = this.around(shapes);
    if (around) {
      this.host.attempt(() => this.host.board.setEach(run(shapes, around)));
    }
  }

  /** The middle of a free place for something new of this size that nobody pointed a place for; null: there is none. */
  freePlace(w: number, h: number): Point | null {
    return freePlace(w, h, this.host.view.visible, this.taken(), this.aroundChosen());
  }

  /** The same; where there is no room on the screen, one on the sheet, or else under everything. It comes into view. */
  placeFor(w: number, h: number): Point {
    const seen = this.freePlace(w, h);
    if (seen) {
      return seen;
    }
    const { x, y } = freePlace(w, h, HOME_BOX, this.taken(), this.aroundChosen()) ?? this.under(h);
    this.host.cameras.reveal({ minX: x - w / 2, minY: y - h / 2, maxX: x + w / 2, maxY: y + h / 2 });
    return { x, y };
  }

  private under(h: number): Point {
    const { x, y } = middleOfBox(this.host.view.visible);
    const bottom = this.taken().reduce((most, { maxY }) => Math.max(most, maxY), Number.NEGATIVE_INFINITY);
    return { x, y: Number.isFinite(bottom) ? bottom + OFFSET_PX + h / 2 : y };
  }

  /** What covers the page. In a frame there is room. */
  private taken(): Box[] {
    const { board, page, view } = this.host;
    const shapes = board.shapes(page).filter(({ type }) => type !== 'frame');
    return shapes.flatMap(({ id }) => view.scene.boxOf(id) ?? []);
  }

  /** The box of a new picture of so many px: around `at`, or where there is room for it. */
  pictureBox(width: number, height: number, at?: Point): { x: number; y: number; w: number; h: number } {
    const { minX, minY, maxX, maxY } = this.host.view.visible;
    const boxes = PICTURE_SHARES.map((share) => {
      const scale = Math.min(1, ((maxX - minX) * share) / width, ((maxY - minY) * share) / height);
      const [w, h] = [width * scale, height * scale];
      return { w, h, free: at ?? this.freePlace(w, h) };
    });
    const { w, h, free } = boxes.find((box) => box.free !== null) ?? boxes[0] ?? { w: width, h: height, free: null };
    const { x, y } = free ?? this.placeFor(w, h);
    return { x: x - w / 2, y: y - h / 2, w, h };
  }

  /** The box around what is chosen. */
  aroundChosen(): Box | null {
    return this.around(this.chosen());
  }

  private around(shapes: readonly Shape[]): Box | null {
    let around: Box | null = null;
    for (const { id } of shapes) {
      around = unionBox(around, this.host.view.scene.boxOf(id));
    }
    return around;
  }

  /** Groups as one, other shapes by themselves. */
  private members(): Member[] {
    const groups = new Map<string, Shape[]>();
    for (const shape of this.free()) {
      const name = shape.group === '' ? shape.id : shape.group;
      groups.set(name, [...(groups.get(name) ?? []), shape]);
    }
    return [...groups.values()].flatMap((shapes) => {
      const box = this.around(shapes);
      return box ? [{ shapes, box }] : [];
    });
  }
}

/** So many order keys between two. */
function between(low: string | null, high: string | null, count: number): string[] {
  const keys: string[] = [];
  let last = low;
  for (let i = 0; i < count; i += 1) {
    last = high === null ? indexAfter(last) : last === null ? indexBefore(high) : indexBetween(last, high);
    keys.push(last);
  }
  return keys;
}
