import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { asUserId, MAIN_PAGE } from '../../src/core/ids';
import { Stage } from '../../src/core/stage';

test('a spot, a star and a shown desk are read as written and wrong ones as none', () => {
  const doc = new Y.Doc();
  const stage = new Stage(doc);
  const spot = { page: MAIN_PAGE, x: 10, y: -20.5, w: 300, h: 200 };
  expect(() => stage.showSpot(spot)).toThrow();
  stage.writable = true;
  stage.showSpot(spot);
  stage.showStar(asUserId('leo'));
  stage.showDesk(asUserId('amara'));
  expect([stage.spot, stage.star, stage.shownDesk]).toEqual([spot, 'leo', 'amara']);
  const good = { page: 'main', x: 1, y: 1, w: 1, h: 1 };
  for (const wrong of [
    'x',
    1,
    {},
    { ...good, page: '' },
    { ...good, w: 0 },
    { ...good, x: '1' },
    { ...good, x: 1e9 },
  ]) {
    doc.getMap('stage').set('spot', wrong);
    expect(stage.spot).toBeNull();
  }
  for (const wrong of [7, '', 'é'.repeat(33), null]) {
    doc.getMap('stage').set('desk', wrong);
    expect(stage.shownDesk).toBeNull();
  }
  stage.showSpot(null);
  stage.showStar(null);
  expect([stage.spot, stage.star]).toEqual([null, null]);
});
