/** What the keyboard does on a board, and what it tells those who hear it. */

import { type BoxShape, isBox, isWritten } from '../core/shape';
import { type Phrase, t } from '../ui/i18n';
import { panBy, zoomAt } from './camera';
import type { BoardController } from './controller';
import type { KeyTarget, Maker } from './keyboard';
import { KeyPointer } from './keyPointer';
import type { Sketch } from './liveLayer';
import { NoteTool } from './tools/note';
import { ShapeTool, type ThingForm } from './tools/shape';
import type { ToolName } from './tools/tool';
import { middleOfBox } from './transform';
import { whereWords } from './words';

const ZOOM_STEP = 1.25;

export class KeyHands implements KeyTarget {
  private readonly pointer: KeyPointer;
  /** What the arrow in hand is to join. */
  private ends: readonly [BoxShape, BoxShape] | null = null;

  constructor(private readonly controller: BoardController) {
    this.pointer = new KeyPointer(controller);
  }

  get tool(): BoardController['tool'] {
    return this.controller.tool;
  }

  get isWritable(): BoardController['isWritable'] {
    return this.controller.isWritable;
  }

  get selection(): ReadonlySet<unknown> {
    return this.controller.selection;
  }

  get hands(): BoardController['hands'] {
    return this.controller.hands;
  }

  choose(tool: ToolName): void {
    this.ends = null;
    this.controller.choose(tool);
  }

  make(maker: Maker): void {
    this.controller.make(maker);
  }

  chooseForm(form: ThingForm): void {
    // Taking a tool lets go of what is chosen.
    const chosen = this.twoChosen();
    this.controller.chooseForm(form);
    this.ends = form === 'arrow' ? chosen : null;
  }

  undo(): void {
    this.pointer.leave();
    this.controller.say(this.controller.canUndo.value ? t('Undone') : t('There is nothing to undo.'));
    this.controller.undo();
  }

  redo(): void {
    this.pointer.leave();
    this.controller.say(this.controller.canRedo.value ? t('Done again') : t('There is nothing to do again.'));
    this.controller.redo();
  }

  escape(): void {
    this.controller.escape();
  }

  holdSpace(isHeld: boolean): void {
    this.controller.holdSpace(isHeld);
  }

  /** The tool in hand first: a polygon takes its corners with the keyboard, a pen is led with it. */
  toolKey(key: string, isShift: boolean): boolean {
    let isTaken = false;
    this.controller.attempt(() => {
      isTaken = this.controller.toolInHand().key?.(key, isShift) ?? false;
    });
    return isTaken || this.pointer.key(key, isShift);
  }

  /** Chooses everything on the page that is not locked. */
  selectAll(): void {
    const { controller } = this;
    controller.choose('select');
    const shapes = controller.board.shapes(controller.page).filter((shape) => !shape.locked);
    controller.selection = new Set(shapes.map(({ id }) => id));
  }

  /** The shape or note in hand, where there is room for it; an arrow from one to the other of two that are chosen. */
  placeInMiddle(): boolean {
    const { controller } = this;
    const tool = controller.toolInHand();
    if (!controller.isWritable.value || !(tool instanceof ShapeTool || tool instanceof NoteTool)) {
      return false;
    }
    const { ends } = this;
    this.ends = null;
    controller.attempt(() => {
      if (tool instanceof ShapeTool && controller.form === 'arrow' && ends) {
        tool.join(...ends);
      } else {
        const { w, h } = tool.placed;
        tool.place(controller.hands.placeFor(w, h));
      }
    });
    return true;
  }

  /** Opens the letters, formula or plot of the one thing that is chosen. */
  writeChosen(): boolean {
    const { controller } = this;
    const [shape, ...others] = controller.hands.free();
    if (!controller.isWritable.value || controller.tool.value !== 'select' || !shape || others.length > 0) {
      return false;
    }
    if (isWritten(shape)) {
      controller.openText({ id: shape.id, x: shape.x, y: shape.y });
      return true;
    }
    return controller.openThing(shape);
  }

  scroll(dx: number, dy: number): void {
    this.controller.setCamera(panBy(this.controller.camera, -dx, -dy));
    this.controller.say(t('In the middle: {place}', { place: whereWords(middleOfBox(this.controller.view.visible)) }));
  }

  zoom(steps: number): void {
    const { view } = this.controller;
    if (steps === 0) {
      view.fitAll();
    } else {
      const middle = { x: view.view.width / 2, y: view.view.height / 2 };
      this.controller.setCamera(zoomAt(view.camera, middle, ZOOM_STEP ** steps));
    }
    this.controller.say(t('Zoom {percent} %', { percent: Math.round(view.camera.zoom * 100) }));
  }

  tell(words: Phrase): void {
    const around = this.controller.hands.aroundChosen();
    const what = t(words);
    this.controller.say(
      around ? t('{what}. {place}', { what, place: whereWords({ x: around.minX, y: around.minY }) }) : what,
    );
  }

  /** What it holds above the board. */
  sketches(): readonly Sketch[] {
    return this.pointer.sketches();
  }

  /** Another tool, page or hand takes over. */
  leave(): void {
    this.pointer.leave();
  }

  /** In the order in which they were chosen. */
  private twoChosen(): readonly [BoxShape, BoxShape] | null {
    const { board, selection } = this.controller;
    const [from, to, ...others] = [...selection].flatMap((id) => board.shape(id) ?? []);
    return from && to && isBox(from) && isBox(to) && others.length === 0 ? [from, to] : null;
  }
}
