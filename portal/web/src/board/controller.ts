/** Everything behind one board that people write on: the tool in hand, colours and sizes, selection, keyboard, live ink. */

import { batch, computed, type Signal, signal } from '@preact/signals';
import type { Board } from '../core/board';
import type { Bytes } from '../core/bytes';
import { NotWritable } from '../core/errors';
import type { PageId, ShapeId } from '../core/ids';
import type { Colour, Shape } from '../core/shape';
import { t } from '../ui/i18n';
import { Announcer } from './announcer';
import type { BoardView } from './BoardView';
import { bringPicture, PictureRefused } from './bringPicture';
import type { Point } from './camera';
import { Cameras } from './cameras';
import { Dialogs } from './dialogs';
import { Guides } from './guides/guides';
import { Hands } from './hands';
import { type InputHost, PointerInput } from './input';
import { handleBoardKey, type Maker } from './keyboard';
import { KeyHands } from './keyHands';
import type { LiveStroke, Sketch } from './liveLayer';
import { Marks } from './marks';
import type { Pictures } from './painter';
import type { Theme } from './scene';
import { FIRST_STYLES, SIZES, type Style, type Styles, sizeFields } from './styles';
import { TextSession } from './textSession';
import { EraserTool } from './tools/eraser';
import { LaserTool } from './tools/laser';
import { LassoTool } from './tools/lasso';
import { NoteTool } from './tools/note';
import { PanTool } from './tools/pan';
import { PenTool } from './tools/pen';
import { PolygonTool } from './tools/polygon';
import { RubberTool } from './tools/rubber';
import { SelectTool } from './tools/select';
import { ShapeTool, type ThingForm } from './tools/shape';
import { TextTool } from './tools/text';
import {
  enlarged,
  type LiveInk,
  type StyledTool,
  type TextTarget,
  type ThingLook,
  type Tool,
  type ToolHost,
  type ToolName,
  type ToolStyle,
} from './tools/tool';
import { middleOfBox } from './transform';

/** How the board speaks to the room; the classroom gives its session. */
export interface BoardRoom {
  /** Room clock, unix ms. */
  now(): number;
  readonly live: LiveInk & {
    cursor(page: PageId, x: number, y: number, laser?: boolean): void;
    hideCursor(): void;
  };
  /** Ink of other people on the page, as it comes. */
  liveStrokes(page: PageId): readonly LiveStroke[];
  /** Other people's lasers on the page, while there is anything of them to see. */
  lasers(page: PageId, zoom: number): readonly Sketch[];
  /** Pictures by their hash, as they come. */
  readonly pictures: Pictures;
  /** Keeps a picture's bytes for everybody; its hash. Rejects where there is no room for it. */
  keepPicture?(data: Bytes): Promise<string>;
  /** What is seen of the board, after each move of the camera. */
  sees?(view: { x: number; y: number; zoom: number; w: number; h: number }): void;
  /** The camera was moved by hand. */
  looksAround?(): void;
  /** An edit was refused because the right to draw is gone. */
  onRefused(): void;
}

const PLAIN_LOOK: ThingLook = { fill: 'none', dash: 'solid', head: 'end', opacity: 1 };

export class BoardController implements ToolHost, InputHost {
  readonly tool = signal<ToolName>('pen');
  readonly styles = signal<Styles>(FIRST_STYLES);
  readonly forms = signal<ThingForm>('rectangle');
  readonly looks = signal<ThingLook>(PLAIN_LOOK);
  /** Fingers move the page and only a pen draws: from the first time that a pen is seen, or by choice. */
  readonly penOnly = signal(false);
  /** Things keep to the lines of others and of the page. */
  readonly snaps = signal(true);
  readonly hands = new Hands(this);
  readonly dialogs = new Dialogs(this);
  readonly guides = new Guides(this);
  readonly keys = new KeyHands(this);
  readonly cameras: Cameras;
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  readonly selected = signal<ReadonlySet<ShapeId>>(new Set());
  readonly editing = signal<TextSession | null>(null);
  readonly isWritable = signal(false);
  readonly zoom = signal(1);
  /** The tool whose colour and size are shown: the last one that has any. */
  readonly styledTool = computed<StyledTool>(() => {
    const name = this.tool.value === 'polygon' ? 'shape' : this.tool.value;
    return Object.hasOwn(SIZES, name) ? (name as StyledTool) : 'pen';
  });

  /** What those who hear the board are told. */
  readonly announcer: Announcer;
  readonly pan: Tool;
  private readonly tools: Readonly<Record<ToolName, Tool>>;
  private readonly input: PointerInput;
  private readonly stops: (() => void)[];
  private isSpaceHeld = false;
  private hasSeenPen = false;
  private readonly pageShown: Signal<PageId>;
  private readonly marks: Marks;

  constructor(
    readonly board: Board,
    readonly view: BoardView,
    private readonly room: BoardRoom,
    page: PageId,
  ) {
    this.pageShown = signal(page);
    this.marks = new Marks(view);
    this.cameras = new Cameras(view);
    this.pan = new PanTool(this);
    this.tools = {
      pen: new PenTool(this, 'pen'),
      highlighter: new PenTool(this, 'highlighter'),
      eraser: new EraserTool(this),
      text: new TextTool(this),
      select: new SelectTool(this),
      pan: this.pan,
      shape: new ShapeTool(this),
      polygon: new PolygonTool(this),
      note: new NoteTool(this),
      lasso: new LassoTool(this),
      rubber: new RubberTool(this),
      laser: new LaserTool(this),
    };
    this.announcer = new Announcer(this);
    view.scene.pictures = room.pictures;
    view.live = () => ({
      strokes: [...room.liveStrokes(this.page), ...(this.tools[this.tool.value].strokes?.() ?? [])],
      sketches: [
        ...this.marks.sketches(),
        ...(this.tools[this.tool.value].sketches?.() ?? []),
        ...this.keys.sketches(),
        ...this.trails(),
      ],
    });
    this.input = new PointerInput(view.canvas, this);
    this.stops = [
      board.onHistory(() => this.readHistory()),
      board.onChange((change) => this.forgetErased(change.shapes)),
      view.onCamera((camera) => {
        this.zoom.value = camera.zoom;
        this.tellView();
      }),
    ];
    this.readHistory();
    this.zoom.value = view.camera.zoom;
    this.tellView();
    view.show(board, page);
    this.applyCursor();
  }

  destroy(): void {
    this.announcer.destroy();
    this.marks.destroy();
    this.input.destroy();
    for (const stop of this.stops) {
      stop();
    }
  }

  /** Components that read it follow it. */
  get page(): PageId {
    return this.pageShown.value;
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
    this.room.looksAround?.();
    this.view.setCamera(camera);
  }

  /** Turns to another page. */
  turnTo(page: PageId): void {
    if (page === this.pageShown.value) {
      return;
    }
    this.putDown();
    this.selection = new Set();
    this.room.live.hideCursor();
    const before = this.pageShown.value;
    this.pageShown.value = page;
    this.view.show(this.board, page);
    this.cameras.turned(before, page);
  }

  setWritable(isWritable: boolean): void {
    if (isWritable !== this.isWritable.value) {
      if (!isWritable) {
        this.putDown();
      }
      this.isWritable.value = isWritable;
      this.applyCursor();
    }
  }

  choose(name: ToolName): void {
    if (name === this.tool.value) {
      return;
    }
    this.putDown();
    this.tool.value = name;
    this.applyCursor();
    this.view.refreshLive();
  }

  style(tool: StyledTool): ToolStyle {
    const { colour, step } = this.styles.value[tool];
    const size = SIZES[tool][step] ?? SIZES[tool][0] ?? 4;
    return { colour, size: tool === 'text' || tool === 'note' ? size * enlarged(this.camera.zoom) : size };
  }

  sizes(tool: StyledTool): readonly number[] {
    return SIZES[tool];
  }

  /** Chooses the colour of the tool in hand, and of what is selected. */
  setColour(colour: Colour): void {
    this.restyle({ colour });
    this.hands.set({ colour });
  }

  setSize(step: number): void {
    this.restyle({ step });
    const each = this.hands.free().flatMap((shape) => {
      const fields = sizeFields(shape, step);
      return fields ? [[shape.id, fields] as const] : [];
    });
    if (each.length > 0) {
      this.attempt(() => this.board.setEach(each));
    }
  }

  get selection(): ReadonlySet<ShapeId> {
    return this.selected.value;
  }

  set selection(ids: ReadonlySet<ShapeId>) {
    this.selected.value = ids;
    this.view.refreshLive();
  }

  /** A frame goes around what is chosen, or into the middle of what is seen; the others are written in a dialog. */
  make(maker: Maker): void {
    if (maker === 'frame') {
      this.dialogs.addFrame(this.hands.aroundChosen());
    } else if (maker === 'formula') {
      this.dialogs.newFormula();
    } else {
      this.dialogs.newPlot(maker);
    }
  }

  /** Formulas and plots are written in a dialog. */
  openThing(shape: Shape): boolean {
    return this.dialogs.edit(shape);
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

  chooseForm(form: ThingForm): void {
    this.forms.value = form;
    this.choose('shape');
  }

  /** Letters from elsewhere, in the middle of what is seen. */
  pasteText(text: string): void {
    const { x, y } = middleOfBox(this.view.visible);
    this.attempt(() => {
      const look = this.style('text');
      this.made(this.board.addText({ ...look, page: this.page, x, y, text, nowMs: this.now() }));
    });
  }

  /** Puts a picture onto the page: at `at`, or where there is room for it. */
  async placePicture(file: File, at?: Point): Promise<void> {
    if (!this.room.keepPicture) {
      throw new PictureRefused(t('Pictures cannot be put on this board.'));
    }
    const { data, width, height } = await bringPicture(file);
    const asset = await this.room.keepPicture(data);
    const fields = { ...this.hands.pictureBox(width, height, at), asset, colour: 'black', size: 4 };
    this.attempt(() => {
      this.made(this.board.addThing({ type: 'image', page: this.page, fields, nowMs: this.now() }));
    });
  }

  get form(): ThingForm {
    return this.forms.value;
  }

  get look(): ThingLook {
    return this.looks.value;
  }

  /** Fill, dashes, arrow heads and opacity of what is drawn next, and of what is chosen. */
  setLook(change: Partial<ThingLook>): void {
    this.looks.value = { ...this.looks.value, ...change };
    this.hands.set(change);
  }

  get theme(): Theme {
    return this.view.scene.theme;
  }

  get pictures(): Pictures {
    return this.room.pictures;
  }

  made(id: ShapeId): void {
    this.choose('select');
    this.selection = new Set([id]);
  }

  point(at: Point | null): void {
    if (at) {
      this.room.live.cursor(this.page, at.x, at.y, true);
    } else {
      this.room.live.hideCursor();
    }
  }

  /** Once: who turns it off again in the panel means it. */
  onPen(): void {
    if (!this.hasSeenPen) {
      this.hasSeenPen = true;
      this.penOnly.value = true;
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
    handleBoardKey(this.keys, event);
  }

  say(words: string): void {
    this.announcer.say(words);
  }

  toolInHand(): Tool {
    return this.isSpaceHeld || !this.isWritable.value ? this.pan : this.tools[this.tool.value];
  }

  onPointer(point: Point | null): void {
    if (this.input.isPressed && this.tool.value === 'laser') {
      return;
    }
    if (point) {
      this.room.live.cursor(this.page, point.x, point.y);
    } else {
      this.room.live.hideCursor();
    }
  }

  onPress(): void {
    this.keys.leave();
    this.view.focusQuietly();
    this.closeText();
  }

  /** Whatever is under way ends: another tool or page follows, or none. */
  private putDown(): void {
    this.keys.leave();
    this.input.cancel();
    this.closeText();
    this.tools[this.tool.value].leave?.();
  }

  private restyle(change: Partial<Style>): void {
    const tool = this.styledTool.value;
    const styles = this.styles.value;
    this.styles.value = { ...styles, [tool]: { ...styles[tool], ...change } };
  }

  /** Turns to a page, shows the whole of some shapes of it, and frames them for a few seconds. */
  pointOut(page: PageId, ids: readonly ShapeId[]): void {
    this.turnTo(page);
    this.marks.show(ids);
  }

  private tellView(): void {
    const { minX, minY, maxX, maxY } = this.view.visible;
    this.room.sees?.({ x: minX, y: minY, zoom: this.view.camera.zoom, w: maxX - minX, h: maxY - minY });
  }

  private trails(): readonly Sketch[] {
    const trails = this.room.lasers(this.page, this.view.camera.zoom);
    if (trails.length > 0) {
      this.view.refreshLive();
    }
    return trails;
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
