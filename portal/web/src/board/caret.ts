/** Where a caret stands after somebody else changed the text around it. Pure. */

/** `caret` and the result count UTF-16 units. */
export function caretAfter(before: string, after: string, caret: number): number {
  let start = 0;
  const shortest = Math.min(before.length, after.length);
  while (start < shortest && before[start] === after[start]) {
    start += 1;
  }
  let tail = 0;
  while (tail < shortest - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) {
    tail += 1;
  }
  if (caret <= start) {
    return caret;
  }
  if (caret >= before.length - tail) {
    return caret + after.length - before.length;
  }
  return Math.min(caret, after.length - tail);
}
