/** The board's keys. They work wherever the focus is, except in fields where people type. */

import type { ToolName } from './tools/tool';

/** What keys do; `BoardController` has it. */
export interface KeyTarget {
  choose(tool: ToolName): void;
  undo(): void;
  redo(): void;
  escape(): void;
  deleteSelection(): void;
  moveSelection(dx: number, dy: number): void;
  holdSpace(isHeld: boolean): void;
  readonly selection: ReadonlySet<unknown>;
  readonly isWritable: { readonly value: boolean };
}

const TOOL_KEYS: Readonly<Record<string, ToolName>> = {
  p: 'pen',
  h: 'highlighter',
  e: 'eraser',
  t: 'text',
  v: 'select',
};

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Board px that an arrow moves a thing; ten times as far with Shift. */
const NUDGE = 2;

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
    return false;
  }
  if (key === 'Escape') {
    target.escape();
    return true;
  }
  if (key === ' ' && !isControl(event.target)) {
    target.holdSpace(true);
    return true;
  }
  if (!target.isWritable.value) {
    return false;
  }
  const tool = Object.hasOwn(TOOL_KEYS, key) && !event.shiftKey ? TOOL_KEYS[key] : undefined;
  if (tool) {
    target.choose(tool);
    return true;
  }
  return target.selection.size > 0 && !isControl(event.target) && pressOnSelection(target, key, event.shiftKey);
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
  return false;
}

function pressOnSelection(target: KeyTarget, key: string, isShift: boolean): boolean {
  if (key === 'Delete' || key === 'Backspace') {
    target.deleteSelection();
    return true;
  }
  const arrow = Object.hasOwn(ARROWS, key) ? ARROWS[key] : undefined;
  if (arrow) {
    const far = NUDGE * (isShift ? 10 : 1);
    target.moveSelection(arrow[0] * far, arrow[1] * far);
    return true;
  }
  return false;
}
