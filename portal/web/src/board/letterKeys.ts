/**
 * Whether letters and signs by themselves are keys of the board. Whoever speaks to the computer, or hits keys by chance,
 * turns that off (WCAG 2.1.4); the choice stays on this device. Arrows, Enter, Escape and keys with Ctrl work on.
 */

import { type ReadonlySignal, signal } from '@preact/signals';

const KEY = 'chalkmesh.letter-keys';

/** Null where a policy blocks it: then the choice holds for this page. */
function storage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

const isOn = signal(storage()?.getItem(KEY) !== 'off');

export const letterKeys: ReadonlySignal<boolean> = isOn;

export function setLetterKeys(on: boolean): void {
  isOn.value = on;
  if (on) {
    storage()?.removeItem(KEY);
  } else {
    storage()?.setItem(KEY, 'off');
  }
}
