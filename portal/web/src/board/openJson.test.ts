import { expect, it } from 'vitest';
import { Doc } from 'yjs';
import { Board } from '../core/board';
import { fieldsOf, putShapes } from '../core/copy';
import { asSessionId, MAIN_PAGE } from '../core/ids';
import { readOpen, readPictures, writeOpen } from './openJson';

function board(session: string): Board {
  const made = new Board(new Doc());
  made.setAuthor(asSessionId(session));
  return made;
}

it('a board goes into a file and onto another board as it was, with its pictures', () => {
  const from = board('00000000000000aa');
  const put = { page: MAIN_PAGE, nowMs: 0 };
  const box = { x: 10, y: 20, w: 30, h: 40, colour: 'red', size: 4 };
  const asset = 'ab'.repeat(32);
  const geo = from.addThing({ ...put, type: 'geo', fields: { ...box, form: 'star', fill: 'soft', text: '½ + ⅓' } });
  from.addThing({ ...put, type: 'image', fields: { ...box, asset, caption: 'Page 1', locked: true } });
  from.addThing({ ...put, type: 'arrow', fields: { x: 0, y: 0, dx: 5, dy: 5, colour: 'blue', size: 4, end: geo } });
  from.addText({ ...put, x: 1, y: 2, text: 'a\nb', colour: 'green', size: 28 });
  const points = [{ x: 1.25, y: 2, pressure: 90, t: 0 }];
  from.addStroke({ ...put, points, kind: 'highlight', colour: 'yellow', size: 20 });
  const pictures = new Map([[asset, new Uint8Array([1, 2, 255])]]);
  const text = writeOpen([{ title: 'One', background: 'grid', shapes: from.shapes(MAIN_PAGE) }], pictures);

  const [page] = readOpen(text);
  const to = board('00000000000000bb');
  const ids = putShapes(to, MAIN_PAGE, page?.shapes ?? [], { dx: 0, dy: 0 }, 0);
  const plain = (of: Board) => of.shapes(MAIN_PAGE).map((shape) => ({ ...fieldsOf(shape), end: null, start: null }));
  expect(plain(to)).toEqual(plain(from));
  expect(to.shapes(MAIN_PAGE).find(({ type }) => type === 'arrow')).toMatchObject({ end: ids[0] });
  expect([page?.title, page?.background]).toEqual(['One', 'grid']);
  expect([...readPictures(text)]).toEqual([...pictures]);
});

it('pictures that are none are passed over', () => {
  const text =
    '{"format":"chalkmesh-board","version":1,"pages":[],"pictures":{"a":7,"b":"*","__proto__":null,"c":"AQ"}}';
  expect([...readPictures(text)]).toEqual([['c', new Uint8Array([1])]]);
  expect([...readPictures('{"pictures":[1]}'), ...readPictures('[]')]).toEqual([]);
});
