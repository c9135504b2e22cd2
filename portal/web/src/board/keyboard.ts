/** The board's keys. They work wherever the focus is, except in fields where people type. */

import { type Phrase, phrase } from '../ui/i18n';
import type { Hands, Level } from './hands';
import { letterKeys } from './letterKeys';
import type { ThingForm } from './tools/shape';
import { nextTool, type ToolName } from './tools/tool';
import { ARROWS, MOVED_WORDS } from './words';

/** What keys do; `KeyHands` has it. */
export interface KeyTarget {
  readonly tool: { readonly value: ToolName };
  choose(tool: ToolName): void;
  undo(): void;
  redo(): void;
  escape(): void;
  /** For the tool in hand; true: it took the key. */
  toolKey(key: string, isShift: boolean): boolean;
  /** Opens or puts down what is not drawn: formulas, plots, frames. */
  make(maker: Maker): void;
  chooseForm(form: ThingForm): void;
  selectAll(): void;
  placeInMiddle(): boolean;
  /** Opens what is chosen for writing. */
  writeChosen(): boolean;
  readonly hands: Pick<
    Hands,
    'remove' | 'move' | 'grow' | 'turn' | 'duplicate' | 'group' | 'ungroup' | 'level' | 'lock' | 'chosen' | 'free'
  >;
  holdSpace(isHeld: boolean): void;
  /** Moves what is seen, CSS px. */
  scroll(dx: number, dy: number): void;
  /** In steps; 0 shows the whole page. */
  zoom(steps: number): void;
  /** Tells what was done with what is chosen, and where it is now. */
  tell(words: Phrase): void;
  readonly selection: ReadonlySet<unknown>;
  readonly isWritable: { readonly value: boolean };
}

const TOOL_KEYS: Readonly<Record<string, ToolName>> = {
  p: 'pen',
  h: 'highlighter',
  e: 'eraser',
  t: 'text',
  v: 'select',
  n: 'note',
  q: 'lasso',
  k: 'laser',
  g: 'polygon',
};

/** What is made in one go, mostly in a dialog. */
export type Maker = 'formula' | 'axes' | 'line' | 'frame';
const MAKER_KEYS: Readonly<Record<string, Maker>> = { m: 'formula', x: 'axes', u: 'line', f: 'frame' };

const FORM_KEYS: Readonly<Record<string, ThingForm>> = { r: 'rectangle', o: 'ellipse', l: 'line', a: 'arrow' };

/** With Shift the same keys give braces on most keyboards. */
const LEVELS: Readonly<Record<string, Level>> = { ']': 'forward', '[': 'backward', '}': 'front', '{': 'back' };
/** A keystroke turns by 15°. */
const TURN = Math.PI / 12;
/** Board px that an arrow moves a thing; ten times as far with Shift. */
const NUDGE = 2;
/** CSS px that an arrow moves the page, where nothing is chosen; four times as far with Shift. */
const SCROLL_PX = 60;
const ZOOM_STEPS: Readonly<Record<string, number>> = { '+': 1, '-': -1, '0': 0 };
const LEVEL_WORDS: Readonly<Record<Level, Phrase>> = {
  forward: phrase('Forward'),
  backward: phrase('Backward'),
  front: phrase('To the front'),
  back: phrase('To the back'),
};

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Space and Enter press a focused button, arrows walk through tabs and menus: those keys are left to them. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('button, a, summary, [role="tab"], [role="menu"], video') !== null
  );
}

/** Handles keydown and keyup; calls preventDefault on what it took. */
export function handleBoardKey(target: KeyTarget, event: KeyboardEvent): void {
  if (isTyping(event.target) || event.isComposing) {
    return;
  }
  if (event.type === 'keyup') {
    if (event.key === ' ') {
      target.holdSpace(false);
    }
    return;
  }
  if (press(target, event)) {
    event.preventDefault();
  }
}

function press(target: KeyTarget, event: KeyboardEvent): boolean {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    return !event.altKey && target.isWritable.value && pressWithControl(target, key, event.shiftKey);
  }
  if (event.altKey) {
    return target.isWritable.value && target.selection.size > 0 && pressWithAlt(target, key, event.shiftKey);
  }
  if (key.length === 1 && key !== ' ' && !letterKeys.value) {
    return false;
  }
  if (!isControl(event.target) && target.isWritable.value && target.toolKey(key, event.shiftKey)) {
    return true;
  }
  if (key === 'Escape') {
    target.escape();
    return true;
  }
  if (key === ' ' && !isControl(event.target)) {
    target.holdSpace(true);
    return true;
  }
  if (!isControl(event.target) && pressOnView(target, key, event.shiftKey)) {
    return true;
  }
  if (!target.isWritable.value) {
    return false;
  }
  const tool = Object.hasOwn(TOOL_KEYS, key) && !event.shiftKey ? TOOL_KEYS[key] : undefined;
  if (tool) {
    target.choose(nextTool(tool, target.tool.value));
    return true;
  }
  const maker = Object.hasOwn(MAKER_KEYS, key) && !event.shiftKey ? MAKER_KEYS[key] : undefined;
  if (maker) {
    target.make(maker);
    return true;
  }
  const form = Object.hasOwn(FORM_KEYS, key) && !event.shiftKey ? FORM_KEYS[key] : undefined;
  if (form) {
    target.chooseForm(form);
    return true;
  }
  if (key === 'Enter' && !isControl(event.target)) {
    return target.placeInMiddle() || target.writeChosen();
  }
  return target.selection.size > 0 && !isControl(event.target) && pressOnSelection(target, key, event.shiftKey);
}

/** Whoever cannot point moves the page with the arrows too, as long as they move nothing else. */
function pressOnView(target: KeyTarget, key: string, isShift: boolean): boolean {
  const steps = Object.hasOwn(ZOOM_STEPS, key) ? ZOOM_STEPS[key] : undefined;
  if (steps !== undefined) {
    target.zoom(steps);
    return true;
  }
  const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
  if (!arrow || (target.selection.size > 0 && target.isWritable.value && target.tool.value !== 'pan')) {
    return false;
  }
  const far = SCROLL_PX * (isShift ? 4 : 1);
  target.scroll(arrow[0] * far, arrow[1] * far);
  return true;
}

/** Alt and arrows make what is chosen wider and higher, or narrower and lower. */
function pressWithAlt(target: KeyTarget, key: string, isShift: boolean): boolean {
  const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
  if (!arrow) {
    return false;
  }
  const far = NUDGE * (isShift ? 10 : 1);
  target.hands.grow(arrow[0] * far, arrow[1] * far);
  target.tell(phrase('Resized'));
  return true;
}

function pressWithControl(target: KeyTarget, key: string, isShift: boolean): boolean {
  if (key === 'z') {
    if (isShift) {
      target.redo();
    } else {
      target.undo();
    }
    return true;
  }
  if (key === 'y' && !isShift) {
    target.redo();
    return true;
  }
  if (key === 'a' && !isShift) {
    target.selectAll();
    return true;
  }
  return target.selection.size > 0 && pressOnSelectionWithControl(target, key, isShift);
}

function pressOnSelectionWithControl(target: KeyTarget, key: string, isShift: boolean): boolean {
  const { hands } = target;
  if (key === 'd' && !isShift) {
    hands.duplicate();
    target.tell(phrase('Duplicated'));
  } else if (key === 'g' && isShift) {
    hands.ungroup();
    target.tell(phrase('Ungrouped'));
  } else if (key === 'g') {
    hands.group();
    target.tell(phrase('Grouped'));
  } else if (key === 'l' && isShift) {
    const isToBeLocked = hands.chosen().some((shape) => !shape.locked);
    hands.lock(isToBeLocked);
    target.tell(isToBeLocked ? phrase('Locked') : phrase('Unlocked'));
  } else {
    return false;
  }
  return true;
}

function pressOnSelection(target: KeyTarget, key: string, isShift: boolean): boolean {
  if (key === 'Delete' || key === 'Backspace') {
    const isLocked = target.hands.free().length === 0;
    target.hands.remove();
    target.tell(isLocked ? phrase('It is locked') : phrase('Deleted'));
    return true;
  }
  const level = Object.hasOwn(LEVELS, key) ? LEVELS[key] : undefined;
  if (level) {
    target.hands.level(level);
    target.tell(LEVEL_WORDS[level]);
    return true;
  }
  if (key === ',' || key === '.') {
    target.hands.turn(key === ',' ? -TURN : TURN);
    target.tell(key === ',' ? phrase('Turned left by 15°') : phrase('Turned right by 15°'));
    return true;
  }
  const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
  if (arrow) {
    const far = NUDGE * (isShift ? 10 : 1);
    target.hands.move(arrow[0] * far, arrow[1] * far);
    target.tell(target.hands.free().length === 0 ? phrase('It is locked') : (MOVED_WORDS[key] ?? phrase('Moved')));
    return true;
  }
  return false;
}
