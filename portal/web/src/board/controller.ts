/** Everything behind one board that people write on: the tool in hand, colours and sizes, selection, keyboard, live ink. */

import { batch, computed, signal } from '@preact/signals';
import ink from '@spec/ink.json';
import type { Board } from '../core/board';
import { NotWritable } from '../core/errors';
import type { PageId, ShapeId } from '../core/ids';
import type { Colour } from '../core/shape';
import type { BoardView } from './BoardView';
import type { Point } from './camera';
import { type InputHost, PointerInput } from './input';
import { handleBoardKey } from './keyboard';
import type { LiveStroke } from './liveLayer';
import { TextSession } from './textSession';
import { EraserTool } from './tools/eraser';
import { PanTool } from './tools/pan';
import { PenTool } from './tools/pen';
import { SelectTool } from './tools/select';
import { TextTool } from './tools/text';
import type { LiveInk, TextTarget, Tool, ToolHost, ToolName, ToolStyle } from './tools/tool';

export type StyledTool = 'pen' | 'highlighter' | 'text';

/** How the board speaks to the room; the classroom gives its session. */
export interface BoardRoom {
  /** Room clock, unix ms. */
  now(): number;
  readonly live: LiveInk & {
    cursor(page: PageId, x: number, y: number): void;
    hideCursor(): void;
  };
  /** Ink of other people on the page, as it comes. */
  liveStrokes(page: PageId): readonly LiveStroke[];
  /** An edit was refused because the right to draw is gone. */
  onRefused(): void;
}

const SIZES: Readonly<Record<StyledTool, readonly number[]>> = {
  pen: ink.pen.sizes,
  highlighter: ink.highlighter.sizes,
  text: ink.text.sizes,
};

interface Style {
  readonly colour: Colour;
  readonly step: number;
}

export class BoardController implements ToolHost, InputHost {
  readonly tool = signal<ToolName>('pen');
  readonly styles = signal<Readonly<Record<StyledTool, Style>>>({
    pen: { colour: 'black', step: 1 },
    highlighter: { colour: 'yellow', step: 1 },
    text: { colour: 'black', step: 2 },
  });
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  readonly selected = signal<ReadonlySet<ShapeId>>(new Set());
  readonly editing = signal<TextSession | null>(null);
  readonly isWritable = signal(false);
  readonly zoom = signal(1);
  /** The tool whose colour and size are shown: the last one that has any. */
  readonly styledTool = computed<StyledTool>(() => {
    const name = this.tool.value;
    return name === 'highlighter' || name === 'text' ? name : 'pen';
  });

  readonly pan: Tool;
  private readonly tools: Readonly<Record<ToolName, Tool>>;
  private readonly input: PointerInput;
  private readonly stops: (() => void)[];
  private isSpaceHeld = false;
  private pageShown: PageId;

  constructor(
    readonly board: Board,
    readonly view: BoardView,
    private readonly room: BoardRoom,
    page: PageId,
  ) {
    this.pageShown = page;
    this.pan = new PanTool(this);
    this.tools = {
      pen: new PenTool(this, 'pen'),
      highlighter: new PenTool(this, 'highlighter'),
      eraser: new EraserTool(this),
      text: new TextTool(this),
      select: new SelectTool(this),
      pan: this.pan,
    };
    view.live = () => ({
      strokes: [...room.liveStrokes(this.pageShown), ...(this.tools[this.tool.value].strokes?.() ?? [])],
      sketches: this.tools[this.tool.value].sketches?.() ?? [],
    });
    this.input = new PointerInput(view.canvas, this);
    this.stops = [
      board.onHistory(() => this.readHistory()),
      board.onChange((change) => this.forgetErased(change.shapes)),
      view.onCamera((camera) => {
        this.zoom.value = camera.zoom;
      }),
    ];
    this.readHistory();
    this.zoom.value = view.camera.zoom;
    view.show(board, page);
    this.applyCursor();
  }

  destroy(): void {
    this.input.destroy();
    for (const stop of this.stops) {
      stop();
    }
  }

  get page(): PageId {
    return this.pageShown;
  }

  get live(): LiveInk {
    return this.room.live;
  }

  get camera(): BoardView['camera'] {
    return this.view.camera;
  }

  now(): number {
    return this.room.now();
  }

  setCamera(camera: BoardView['camera']): void {
    this.view.setCamera(camera);
  }

  /** Turns to another page. */
  turnTo(page: PageId): void {
    if (page === this.pageShown) {
      return;
    }
    this.input.cancel();
    this.closeText();
    this.selection = new Set();
    this.room.live.hideCursor();
    this.pageShown = page;
    this.view.show(this.board, page);
  }

  setWritable(isWritable: boolean): void {
    if (isWritable !== this.isWritable.value) {
      if (!isWritable) {
        this.input.cancel();
        this.closeText();
      }
      this.isWritable.value = isWritable;
      this.applyCursor();
    }
  }

  choose(name: ToolName): void {
    if (name === this.tool.value) {
      return;
    }
    this.input.cancel();
    this.closeText();
    this.tools[this.tool.value].leave?.();
    this.tool.value = name;
    this.applyCursor();
    this.view.refreshLive();
  }

  style(tool: StyledTool): ToolStyle {
    const { colour, step } = this.styles.value[tool];
    return { colour, size: SIZES[tool][step] ?? SIZES[tool][0] ?? 4 };
  }

  sizes(tool: StyledTool): readonly number[] {
    return SIZES[tool];
  }

  /** Chooses the colour of the tool in hand, and of what is selected. */
  setColour(colour: Colour): void {
    this.restyle({ colour });
    this.restyleSelection({ colour });
  }

  setSize(step: number): void {
    this.restyle({ step });
  }

  get selection(): ReadonlySet<ShapeId> {
    return this.selected.value;
  }

  set selection(ids: ReadonlySet<ShapeId>) {
    this.selected.value = ids;
    this.view.refreshLive();
  }

  openText(target: TextTarget): void {
    this.closeText();
    this.editing.value = new TextSession(this, target);
  }

  closeText(): void {
    const session = this.editing.value;
    this.editing.value = null;
    session?.close();
  }

  undo(): void {
    if (!this.input.isPressed) {
      this.attempt(() => this.board.undo());
    }
  }

  redo(): void {
    if (!this.input.isPressed) {
      this.attempt(() => this.board.redo());
    }
  }

  deleteSelection(): void {
    const ids = [...this.selection];
    if (ids.length > 0) {
      this.selection = new Set();
      this.attempt(() => this.board.erase(ids));
    }
  }

  moveSelection(dx: number, dy: number): void {
    const ids = [...this.selection];
    if (ids.length > 0) {
      this.attempt(() => this.board.move(ids, dx, dy));
    }
  }

  /** Runs an edit; losing the right to draw in the middle of one is no error of the program. */
  attempt(run: () => unknown): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof NotWritable)) {
        throw error;
      }
      this.room.onRefused();
    }
  }

  /** The hand while the space bar is down. */
  holdSpace(isHeld: boolean): void {
    this.isSpaceHeld = isHeld;
    this.applyCursor();
  }

  /** Escape: drops what is under way, then the selection. */
  escape(): void {
    batch(() => {
      this.input.cancel();
      this.closeText();
      this.selection = new Set();
    });
  }

  onKey(event: KeyboardEvent): void {
    handleBoardKey(this, event);
  }

  toolInHand(): Tool {
    return this.isSpaceHeld || !this.isWritable.value ? this.pan : this.tools[this.tool.value];
  }

  onPointer(point: Point | null): void {
    if (point) {
      this.room.live.cursor(this.pageShown, point.x, point.y);
    } else {
      this.room.live.hideCursor();
    }
  }

  onPress(): void {
    this.view.focusQuietly();
    this.closeText();
  }

  private restyle(change: Partial<Style>): void {
    const tool = this.styledTool.value;
    const styles = this.styles.value;
    this.styles.value = { ...styles, [tool]: { ...styles[tool], ...change } };
  }

  private restyleSelection(fields: { colour: Colour }): void {
    const ids = [...this.selection];
    if (ids.length > 0) {
      this.attempt(() => this.board.setFields(ids, fields));
    }
  }

  private readHistory(): void {
    this.canUndo.value = this.board.canUndo;
    this.canRedo.value = this.board.canRedo;
  }

  /** What somebody else erased is not selected any more. */
  private forgetErased(changed: ReadonlySet<ShapeId>): void {
    const left = [...this.selection].filter((id) => !changed.has(id) || this.board.shape(id)?.erased === false);
    if (left.length < this.selection.size) {
      this.selection = new Set(left);
    }
    const target = this.editing.value?.id;
    if (target && changed.has(target) && this.board.shape(target)?.erased !== false) {
      this.closeText();
    }
  }

  private applyCursor(): void {
    this.view.canvas.style.cursor = this.toolInHand().cursor;
  }
}
