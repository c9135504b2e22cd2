/** Lists in texts: lines that begin with a dot or a number. They are letters like any other, so everybody reads them. Pure. */

export interface Written {
  readonly text: string;
  /** UTF-16 units. */
  readonly caret: number;
}

const BULLET = '•';
const POINT = /^( *)(•|([0-9]{1,3})([.)])) /u;
const DASH = /^( *)[-*] $/u;

const lineAt = (text: string, caret: number): number => text.lastIndexOf('\n', caret - 1) + 1;

/** Enter at the caret: the next point of a list, or its end on a point without words; null where there is no list. */
export function nextPoint(text: string, caret: number): Written | null {
  const start = lineAt(text, caret);
  const before = text.slice(start, caret);
  const match = POINT.exec(before);
  if (!match) {
    return null;
  }
  const [whole, indent = '', , digits, sign] = match;
  const rest = text.slice(caret);
  if (before === whole && (rest === '' || rest.startsWith('\n'))) {
    return { text: text.slice(0, start) + rest, caret: start };
  }
  const head = digits === undefined ? BULLET : `${Number(digits) + 1}${sign}`;
  const added = `\n${indent}${head} `;
  return { text: text.slice(0, caret) + added + rest, caret: caret + added.length };
}

/** A dash and a space just written at the beginning of a line become a point; null for anything else. */
export function pointFromDash(text: string, caret: number): Written | null {
  const start = lineAt(text, caret);
  const match = DASH.exec(text.slice(start, caret));
  if (!match) {
    return null;
  }
  const [, indent = ''] = match;
  return { text: `${text.slice(0, start)}${indent}${BULLET} ${text.slice(caret)}`, caret };
}
