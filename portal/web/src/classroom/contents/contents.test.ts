import { describe, expect, it } from 'vitest';
import { Doc } from 'yjs';
import { thingsOf } from '../../board/describe';
import { cornerFields } from '../../board/tools/polygon';
import { Board } from '../../core/board';
import { asSessionId, MAIN_PAGE } from '../../core/ids';
import { findOnBoard } from './find';

const LOOK = { page: MAIN_PAGE, colour: 'red', size: 20, nowMs: 0 } as const;
const STROKE = { ...LOOK, kind: 'draw', points: [{ x: 1500, y: 850, pressure: 128, t: 0 }] } as const;

function board(): Board {
  const made = new Board(new Doc());
  made.setAuthor(asSessionId('00000000000000aa'));
  return made;
}

describe('the page in words', () => {
  it('tells each thing, where it stands and whose it is; strokes of one hand are one', () => {
    const made = board();
    made.addText({ ...LOOK, x: 10, y: 10, text: 'One\nhalf' });
    made.addStroke(STROKE);
    made.addStroke({ ...STROKE, colour: 'blue' });
    const box = { x: 700, y: 400, w: 200, h: 100, colour: 'green', size: 4 };
    made.addThing({ type: 'geo', page: MAIN_PAGE, nowMs: 0, fields: { ...box, form: 'ellipse', text: '' } });
    made.addThing({
      ...{ type: 'image', page: MAIN_PAGE, nowMs: 0 },
      fields: { ...box, x: -50, asset: 'a'.repeat(64), caption: 'Page 1 of Fractions.' },
    });
    made.addStroke(STROKE);
    const things = thingsOf(made.shapes(MAIN_PAGE), () => 'Leo');
    expect(things.map(({ words }) => words)).toEqual([
      'Text “One half”, red, top left, by Leo',
      '2 pen strokes, red, blue, bottom right, by Leo',
      'Ellipse, green, middle, by Leo',
      'Picture: Page 1 of Fractions., beyond the sheet, left, by Leo',
      '1 pen stroke, red, bottom right, by Leo',
    ]);
  });
});

describe('shapes that others are part of', () => {
  it('a polygon is told by its corners, an arrow by what it joins', () => {
    const made = board();
    const corners = [
      { x: 0, y: 0 },
      { x: 90, y: 0 },
      { x: 90, y: 90 },
      { x: 0, y: 90 },
    ];
    const thing = { page: MAIN_PAGE, nowMs: 0 };
    const look = { colour: 'blue', size: 4 };
    const first = made.addThing({ ...thing, type: 'geo', fields: { ...look, ...cornerFields(corners) } });
    const note = { ...look, x: 700, y: 400, w: 200, h: 200, text: 'A half' };
    const second = made.addThing({ ...thing, type: 'note', fields: note });
    const way = { ...look, x: 90, y: 90, dx: 600, dy: 300 };
    for (const ends of [{ start: first, end: second }, { end: second }, {}]) {
      made.addThing({ ...thing, type: 'arrow', fields: { ...way, ...ends } });
    }
    expect(thingsOf(made.shapes(MAIN_PAGE), () => null).map(({ words }) => words.split(',')[0])).toEqual([
      'Polygon with 4 corners',
      'Note “A half”',
      'Arrow from Polygon to “A half”',
      'Arrow to “A half”',
      'Arrow',
    ]);
  });
});

describe('looking for words', () => {
  it('finds them in all kinds of things, on all pages, the one at hand first, whatever case and accents', () => {
    const made = board();
    const page = made.addPage({ title: 'Two' });
    const first = made.addText({ ...LOOK, x: 0, y: 0, text: `${'x '.repeat(60)}Über den Zähler  und den Nenner` });
    const note = { x: 0, y: 0, w: 200, h: 200, colour: 'yellow', size: 20, text: 'zahler' };
    const second = made.addThing({ type: 'note', page, nowMs: 0, fields: note });
    const gone = made.addText({ ...LOOK, page, x: 0, y: 0, text: 'Zähler' });
    made.erase([gone]);
    expect(findOnBoard(made, 'ZÄHLER', page).map(({ id }) => id)).toEqual([second, first]);
    const [found] = findOnBoard(made, 'nenner uber', MAIN_PAGE);
    expect(found?.snippet).toMatch(/^….*Nenner$/);
    expect(findOnBoard(made, '  ', MAIN_PAGE)).toEqual([]);
    expect(findOnBoard(made, 'Bruch', MAIN_PAGE)).toEqual([]);
  });
});
