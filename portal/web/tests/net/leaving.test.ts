import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import type { AssetId } from '../../src/core/assets';
import { Board } from '../../src/core/board';
import type { Bytes } from '../../src/core/bytes';
import { BOARD, MAIN_PAGE } from '../../src/core/ids';
import { AssetStore } from '../../src/net/assetStore';
import { forgetLessons } from '../../src/net/leaving';
import { LessonIndex, RoomStore } from '../../src/net/store';
import { member, NOW, School, sessionOf } from '../support/school';

class Shelf {
  private readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }
  key(at: number): string | null {
    return [...this.items.keys()][at] ?? null;
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

let held: { name: string }[];
let local: Shelf;

beforeEach(async () => {
  held = [];
  local = new Shelf();
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('localStorage', local);
  vi.stubGlobal('sessionStorage', new Shelf());
  vi.stubGlobal('navigator', { locks: { query: async () => ({ held }) } });
  const index = await LessonIndex.open();
  await index.put('L1', { room: 'r' }, {});
  index.close();
});

const names = async (): Promise<readonly (string | undefined)[]> =>
  (await indexedDB.databases()).map(({ name }) => name).sort();

const lessons = async (): Promise<readonly string[]> => {
  const index = await LessonIndex.open();
  const found = (await index.lessons()).map(({ lesson }) => lesson);
  index.close();
  return found;
};

async function drawn(acked: number): Promise<void> {
  const one = await member(await School.open(), 1);
  const board = new Board(one.replica.doc(BOARD));
  board.setAuthor(one.ticket.session);
  const points = [{ x: 0, y: 0, pressure: 1, t: 0 }];
  board.addStroke({ page: MAIN_PAGE, points, kind: 'draw', colour: 'red', size: 4, nowMs: NOW });
  await one.flush();
  expect(one.sent).toHaveLength(1);
  const store = await RoomStore.open('r', 'u');
  await store.putEnvelopes(one.sent);
  if (acked > 0) await store.putAcks([{ doc: BOARD, session: sessionOf(1), seq: acked }]);
  store.close();
}

test('what the relay holds goes, with its pictures and traces', async () => {
  await drawn(1);
  const assets = await AssetStore.open('r', 'u');
  await assets.put('a'.repeat(43) as AssetId, new Uint8Array(3) as Bytes, true);
  assets.close();
  local.setItem('chalkmesh.touch.L1.u', '5');
  local.setItem('chalkmesh.devices', 'microphone');
  await forgetLessons();
  expect(await names()).toEqual(['chalkmesh']);
  expect(await lessons()).toEqual([]);
  expect(local.key(0)).toBe('chalkmesh.devices');
  expect(local.length).toBe(1);
});

test('work that the relay does not hold stays, with what its page needs to start', async () => {
  await drawn(0);
  await forgetLessons();
  expect(await names()).toEqual(['chalkmesh', 'chalkmesh/r/u']);
  expect(await lessons()).toEqual(['L1']);
});

test('a picture that is not saved stays', async () => {
  const assets = await AssetStore.open('r', 'u');
  await assets.put('a'.repeat(43) as AssetId, new Uint8Array(3) as Bytes, false);
  assets.close();
  await forgetLessons();
  expect(await names()).toEqual(['chalkmesh', 'chalkmesh-assets/r/u']);
});

test('an edit in the journal keeps its room', async () => {
  await drawn(1);
  local.setItem('chalkmesh.journal/r/u/s', '1\n');
  await forgetLessons();
  expect(await names()).toContain('chalkmesh/r/u');
});

test('a page that lives in another tab keeps its copy', async () => {
  await drawn(1);
  held = [{ name: 'chalkmesh/r/u/s' }];
  await forgetLessons();
  expect(await names()).toContain('chalkmesh/r/u');
  expect(await lessons()).toEqual(['L1']);
});

test('a browser that does not say what it keeps is left alone', async () => {
  await drawn(1);
  vi.stubGlobal('navigator', {});
  await forgetLessons();
  expect(await names()).toContain('chalkmesh/r/u');
});
