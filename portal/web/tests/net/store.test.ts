import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import { encodeStateAsUpdate } from 'yjs';
import { Board } from '../../src/core/board';
import type { Bytes } from '../../src/core/bytes';
import { BOARD, MAIN_PAGE } from '../../src/core/ids';
import { LessonIndex, RoomStore } from '../../src/net/store';
import { member, NOW, School, sessionOf } from '../support/school';

beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));

async function drawn(n: number) {
  const one = await member(await School.open(), 1);
  const board = new Board(one.replica.doc(BOARD));
  board.setAuthor(one.ticket.session);
  const points = [{ x: 0, y: 0, pressure: 1, t: 0 }];
  for (let i = 0; i < n; i++) {
    board.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: NOW });
    await one.flush();
  }
  return one;
}

test('what was stored comes back after a reload, in order', async () => {
  const one = await drawn(3);
  const store = await RoomStore.open('r', 'u');
  await store.putTicket(sessionOf(1), one.token);
  await store.putEnvelopes(one.sent);
  await store.putAcks([{ doc: BOARD, session: sessionOf(1), seq: 2 }]);
  await store.putAcks([{ doc: BOARD, session: sessionOf(1), seq: 1 }]);
  await store.putRefused({ doc: BOARD, session: sessionOf(1), seq: 3 });
  store.close();
  const loaded = await (await RoomStore.open('r', 'u')).load();
  expect(loaded.tickets).toEqual([one.token]);
  expect(loaded.envelopes.map(({ seq, raw }) => [seq, raw])).toEqual(one.sent.map(({ seq, raw }) => [seq, raw]));
  expect(loaded.streams).toEqual([{ doc: BOARD, session: sessionOf(1), seq: 2, refusedFrom: 3 }]);
});

test('two tabs that store the same keep it once; rooms and users are apart', async () => {
  const one = await drawn(2);
  const [a, b] = [await RoomStore.open('r', 'u'), await RoomStore.open('r', 'u')];
  await Promise.all([a.putEnvelopes(one.sent), b.putEnvelopes(one.sent)]);
  expect((await a.load()).envelopes).toHaveLength(2);
  expect((await (await RoomStore.open('r', 'other')).load()).envelopes).toEqual([]);
});

test('compacting folds acknowledged envelopes into the state and leaves the others', async () => {
  const one = await drawn(5);
  const store = await RoomStore.open('r', 'u');
  await store.putEnvelopes(one.sent);
  const update = encodeStateAsUpdate(one.replica.doc(BOARD)) as Bytes;
  const acked = [{ doc: BOARD, session: sessionOf(1), seq: 3 }];
  expect(await store.compact({ doc: BOARD, update, heads: one.replica.heads() }, acked)).toBe(3);
  const loaded = await store.load();
  expect(loaded.envelopes.map(({ seq }) => seq)).toEqual([4, 5]);
  expect(loaded.snapshots[0]?.heads[0]).toMatchObject({ seq: 5, session: sessionOf(1) });
  await store.dropDocument(BOARD);
  expect(await store.load()).toMatchObject({ envelopes: [], snapshots: [] });
});

test('the index remembers what a lesson was', async () => {
  const index = await LessonIndex.open();
  await index.put('L1', { room: 'r' }, { keys: [] });
  expect(await index.get('L1')).toMatchObject({ info: { room: 'r' } });
  await index.remove('L1');
  expect(await index.get('L1')).toBeNull();
});
