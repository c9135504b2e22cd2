/** Letters inside a box: broken into lines, made smaller until they fit, set in the middle. Twin of `recorder/labels.py`. */

import ink from '@spec/ink.json';
import things from '@spec/things.json';
import type { Box, Point } from './camera';
import { FONT_ASCENT_EM } from './metrics';
import type { MeasureText, TextItem, TextLine } from './scene';
import { turnedBox } from './turn';

const { label: SPEC } = things;
const LINE = ink.text.line_height;

export interface LabelLook {
  readonly size: number;
  readonly colour: string;
  readonly bold: boolean;
  readonly opacity: number;
  readonly rotation: number;
  /** About which it is turned. */
  readonly pivot: Point;
}

/** The lines of a text and the size at which they fit into `width` × `height`, board px. What never fits is left out. */
export function fitLabel(
  text: string,
  width: number,
  height: number,
  size: number,
  bold: boolean,
  measure: MeasureText,
): { lines: string[]; size: number } {
  const letters = [...text].slice(0, SPEC.chars).join('');
  for (let at = size; ; at *= SPEC.shrink) {
    const small = Math.max(at, SPEC.least);
    const most = Math.max(1, Math.floor(height / (small * LINE)));
    const { lines, fits } = breakLines(letters, width, most, (word) => measure(word, small, bold));
    if (fits || small <= SPEC.least) {
      return { lines, size: small };
    }
  }
}

/** Greedy: words to a line as long as they fit; a word that is too wide alone is broken between its letters. */
function breakLines(
  text: string,
  width: number,
  most: number,
  measure: (words: string) => number,
): { lines: string[]; fits: boolean } {
  const lines: string[] = [];
  let fits = true;
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const [i, word] of paragraph.split(' ').entries()) {
      if (lines.length >= most) {
        return { lines, fits: false };
      }
      const longer = i === 0 ? word : `${line} ${word}`;
      if (measure(longer) <= width) {
        line = longer;
        continue;
      }
      if (i > 0) {
        lines.push(line);
      }
      line = word;
      if (measure(word) > width) {
        fits = false;
        line = '';
        for (const letter of word) {
          if (line !== '' && measure(line + letter) > width) {
            lines.push(line);
            line = '';
            if (lines.length >= most) {
              return { lines, fits };
            }
          }
          line += letter;
        }
      }
    }
    if (lines.length >= most) {
      return { lines, fits: false };
    }
    lines.push(line);
  }
  return { lines, fits };
}

/** Letters in the middle of `box`, which is upright before it is turned; null for none. */
export function labelItem(text: string, box: Box, look: LabelLook, measure: MeasureText): TextItem | null {
  if (text === '') {
    return null;
  }
  const { bold, pivot, rotation } = look;
  const padding = Math.min(SPEC.padding, (box.maxX - box.minX) / 8, (box.maxY - box.minY) / 8);
  const [width, height] = [box.maxX - box.minX - 2 * padding, box.maxY - box.minY - 2 * padding];
  const { lines, size } = fitLabel(text, width, height, look.size, bold, measure);
  const top = (box.minY + box.maxY) / 2 - (lines.length * size * LINE) / 2;
  const middle = (box.minX + box.maxX) / 2;
  let widest = 0;
  const set: TextLine[] = lines.map((line, i) => {
    const long = measure(line, size, bold);
    widest = Math.max(widest, long);
    return { text: line, x: middle - long / 2, baseline: top + FONT_ASCENT_EM * size + i * size * LINE };
  });
  const upright = {
    minX: middle - widest / 2,
    minY: top,
    maxX: middle + widest / 2,
    maxY: top + lines.length * size * LINE,
  };
  return {
    kind: 'text',
    x: pivot.x,
    y: pivot.y,
    rotation,
    lines: set,
    colour: look.colour,
    opacity: look.opacity,
    bold,
    size,
    box: turnedBox(upright, pivot, rotation),
  };
}
