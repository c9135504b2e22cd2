/** The smallest edit that makes one text of another. */
import type { Text } from 'yjs';

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** In UTF-16 units, never between the halves of one character: peers that count bytes could not integrate that. */
export function diffText(before: string, after: string): Splice {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start--;
  let end = 0;
  while (
    end < most - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++;
  }
  if (end > 0 && isLow(before.charCodeAt(before.length - end))) end--;
  return { at: start, remove: before.length - start - end, insert: after.slice(start, after.length - end) };
}

export function spliceText(text: Text, after: string): void {
  const { at, remove, insert } = diffText(text.toString(), after);
  if (remove > 0) text.delete(at, remove);
  if (insert !== '') text.insert(at, insert);
}

/** At most `units` UTF-16 units, without half a character at the end. */
export function cutText(text: string, units: number): string {
  const cut = text.slice(0, units);
  return isHigh(cut.charCodeAt(cut.length - 1)) ? cut.slice(0, -1) : cut;
}
