/** A formula's glyphs where they stand on the board. Pure, and the twin of `recorder/formulas.py`. */

import { middleOf } from '../core/arrows';
import { parseFormula } from '../core/formula';
import type { MathShape } from '../core/shape';
import { growBox, type Point } from './camera';
import type { FigureItem, FigurePath } from './scene';
import { boxAround, turned } from './turn';

/** The glyphs, stretched into the shape's box and turned with it: what overlaps is painted one above the other. */
export function formulaItem(shape: MathShape): FigureItem {
  const { w, h, rotation, colour, opacity } = shape;
  const middle = middleOf(shape);
  const place = (x: number, y: number): Point => turned({ x: shape.x + x, y: shape.y + y }, middle, rotation);
  const extent = [place(0, 0), place(w, 0), place(w, h), place(0, h)];
  const paths: FigurePath[] = [];
  const formula = parseFormula(shape.formula);
  if (formula) {
    const [sx, sy] = [w / formula.width, h / formula.height];
    for (const { glyph, x, y, scale } of formula.places) {
      const { verbs, coords } = formula.glyphs[glyph] ?? { verbs: '', coords: [] };
      const placed = new Float64Array(coords.length);
      for (let i = 0; i < coords.length; i += 2) {
        const point = place((x + (coords[i] ?? 0) * scale) * sx, (y - (coords[i + 1] ?? 0) * scale) * sy);
        placed[i] = point.x;
        placed[i + 1] = point.y;
        extent.push(point);
      }
      paths.push({ verbs, coords: placed, colour, fill: 1, width: 0, dash: [] });
    }
  }
  return { kind: 'figure', paths, label: null, opacity, box: growBox(boxAround(extent), 1), isSolid: true };
}
