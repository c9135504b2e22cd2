import { expect, test } from 'vitest';
import type { PageId, SessionId, ShapeId, UserId } from '../core/ids';
import { cursorMarks, type LivePeer, type LivePlace, liveStrokes } from './livePeers';

const [ANN, BEN] = ['00000000000000a1' as SessionId, '00000000000000b2' as SessionId];
const [MAIN, OTHER, DESK] = [place('main'), place('other'), place('main', 'ann' as UserId)];

function place(page: string, desk: UserId | null = null): LivePlace {
  return { page: page as PageId, desk };
}

function stroke(id: string, at: LivePlace, pressure: number): LivePeer {
  const look = { id: id as ShapeId, ...at, kind: 'draw', colour: 'red', size: 4 } as const;
  return { cursor: { ...at, x: 1, y: 2 }, stroke: { ...look, points: [{ x: 1, y: 2, pressure }] } };
}

const peers: Record<string, LivePeer> = { [ANN]: stroke('a-1', MAIN, 128), [BEN]: stroke('b-1', OTHER, 50) };
const live = {
  sessions: () => [ANN, BEN],
  peer: (session: SessionId) => peers[session] ?? { cursor: null, stroke: null },
};

test('only what happens on the page shown is shown', () => {
  expect(liveStrokes(live, { shape: () => null }, MAIN).map(({ key }) => key)).toEqual(['a-1']);
  const marks = cursorMarks(live, OTHER, () => ({ name: 'Ben', colour: '#123456' }));
  expect(marks).toEqual([{ key: BEN, name: 'Ben', colour: '#123456', x: 1, y: 2 }]);
});

test('what happens at a desk is not shown on the page of the same name of the board, nor the other way round', () => {
  const atDesk = { ...live, peer: () => stroke('a-1', DESK, 128) };
  const who = () => ({ name: 'Ann', colour: '#123456' });
  expect([liveStrokes(atDesk, { shape: () => null }, MAIN), cursorMarks(atDesk, MAIN, who)]).toEqual([[], []]);
  expect(liveStrokes(atDesk, { shape: () => null }, DESK)).toHaveLength(2);
  expect(liveStrokes(live, { shape: () => null }, DESK)).toEqual([]);
});

test('a stroke whose shape has arrived is not drawn twice (L4)', () => {
  const shape = { erased: false } as never;
  expect(liveStrokes(live, { shape: () => shape }, MAIN)).toEqual([]);
});

test('a hand without pressure looks live as it will look when finished', () => {
  expect(liveStrokes(live, { shape: () => null }, MAIN)[0]?.points[0]?.pressure).toBeNull();
  expect(liveStrokes(live, { shape: () => null }, OTHER)[0]?.points[0]?.pressure).toBe(50);
});

test('a cursor of somebody whose ticket is unknown has no name to show, and is not shown', () => {
  expect(cursorMarks(live, MAIN, () => null)).toEqual([]);
});
