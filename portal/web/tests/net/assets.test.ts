import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ASSET_LIMITS, type AssetId, decodeBulk, encodeBulk } from '../../src/core/assets';
import type { Bytes } from '../../src/core/bytes';
import { ProtocolError } from '../../src/core/errors';
import type { SessionId } from '../../src/core/ids';
import { AssetError, type AssetServer, assetsUrl, RelayAssetServer, type ServerRest } from '../../src/net/assetServer';
import { AssetStore } from '../../src/net/assetStore';
import { Assets } from '../../src/net/assets';
import { sessionOf } from '../support/school';

class MemoryServer implements AssetServer {
  readonly held = new Map<AssetId, Bytes>();
  readonly asked: number[] = [];
  away = false;
  refuse: AssetError | null = null;
  async fetch(asset: AssetId, first: number): Promise<ServerRest | 'missing' | 'away'> {
    this.asked.push(first);
    const data = this.held.get(asset);
    if (this.away) return 'away';
    return data === undefined ? 'missing' : { offset: first, total: data.length, data: data.subarray(first) };
  }
  async store(asset: AssetId, data: Bytes): Promise<boolean> {
    if (this.refuse !== null) throw this.refuse;
    if (this.away) return false;
    this.held.set(asset, data);
    return true;
  }
}

function picture(length: number, seed = 3): Bytes {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = (i * seed + (i >> 8)) & 255;
  data.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return data;
}

const open: Assets[] = [];
const breached: SessionId[] = [];

function made(user: string, server: AssetServer, send: (to: SessionId, bytes: Bytes) => boolean = () => false): Assets {
  const store = AssetStore.open('r', user);
  const assets = new Assets({ server, store, send, closeLink: (session) => void breached.push(session) });
  open.push(assets);
  return assets;
}

/** Two pages with a link in memory; `script` may change or lose what the first sends. */
function pair(server: AssetServer, script: (bytes: Bytes) => Bytes | null = (bytes) => bytes) {
  const [A, B] = [sessionOf(1), sessionOf(2)];
  const one: Assets = made('anna', server, (_to, bytes) => {
    const sent = script(bytes);
    if (sent !== null) queueMicrotask(() => two.receive(A, sent));
    return true;
  });
  const two: Assets = made('ben', server, (_to, bytes) => {
    queueMicrotask(() => one.receive(B, bytes));
    return true;
  });
  one.linkChanged(B, true);
  two.linkChanged(A, true);
  return { one, two, A, B };
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  breached.length = 0;
});
afterEach(async () => {
  for (const assets of open.splice(0)) await assets.close();
  vi.unstubAllGlobals();
});

describe('between two pages', () => {
  test('a picture goes over the link without the server A3', async () => {
    const server = new MemoryServer();
    server.away = true;
    const { one, two } = pair(server);
    const data = picture(700_000);
    const id = await one.put(data);
    const got = await two.get(id);
    expect([got.data.length, got.mime, got.id]).toEqual([data.length, 'image/png', id]);
    expect(server.asked).toEqual([]);
  });

  test('a corrupted chunk is found, and the server makes it good A6 A7', async () => {
    const server = new MemoryServer();
    const { one, two } = pair(server, (bytes) => {
      const message = decodeBulk(bytes);
      return message.type === 'CHUNK' ? encodeBulk({ ...message, data: new Uint8Array(message.data.length) }) : bytes;
    });
    const data = picture(60_000);
    const id = await one.put(data);
    await one.stored(id);
    expect((await two.get(id)).data).toEqual(data);
    expect(server.asked).toEqual([0]);
  });

  test('a peer that vanishes midway leaves the rest to the server A7', async () => {
    const server = new MemoryServer();
    let sent = 0;
    const { one, two, A } = pair(server, (bytes) => {
      sent += 1;
      if (sent === 4) queueMicrotask(() => two.linkChanged(A, false));
      return sent > 3 ? null : bytes;
    });
    const data = picture(200_000);
    const id = await one.put(data);
    await one.stored(id);
    expect((await two.get(id)).data).toEqual(data);
    expect(server.asked).toEqual([3 * 16_384]);
  });

  test('hostile bulk breaches that link', async () => {
    const { two, A } = pair(new MemoryServer());
    two.receive(A, new Uint8Array([99]));
    expect(breached).toEqual([A]);
  });
});

test('an unknown hash runs into its time, no id is refused, and neither is a text a picture', async () => {
  const assets = made('anna', new MemoryServer());
  await expect(assets.get('0'.repeat(64), 30)).rejects.toMatchObject({ reason: 'timeout' });
  await expect(assets.get('x')).rejects.toThrow(ProtocolError);
  await expect(assets.put(new Uint8Array(20))).rejects.toMatchObject({ reason: 'not_a_picture' });
  await expect(assets.put(picture(ASSET_LIMITS.asset_bytes + 1))).rejects.toMatchObject({ reason: 'too_large' });
});

test('what was put while the server was away is uploaded by the next page of this device A10', async () => {
  const server = new MemoryServer();
  server.away = true;
  const before = made('anna', server);
  const data = picture(5_000);
  const id = await before.put(data);
  await before.close();
  server.away = false;
  const after = made('anna', server);
  await vi.waitFor(() => expect(server.held.get(id)).toEqual(data));
  await after.stored(id);
  expect((await after.get(id)).data).toEqual(data);
});

test('the server’s refusal is told A10', async () => {
  const server = new MemoryServer();
  server.refuse = new AssetError('room_full');
  const assets = made('anna', server);
  const id = await assets.put(picture(100));
  await expect(assets.stored(id)).rejects.toMatchObject({ reason: 'room_full' });
});

test('the store keeps what the server lacks and drops the oldest of the rest', async () => {
  const store = await AssetStore.open('r', 'u');
  const big = ASSET_LIMITS.room_bytes;
  const id = (n: number) => String(n).repeat(64) as AssetId;
  const sized = (n: number): Bytes => ({ length: n, slice: () => new Uint8Array(1) }) as unknown as Bytes;
  vi.spyOn(Date, 'now').mockReturnValueOnce(1).mockReturnValueOnce(2).mockReturnValueOnce(3);
  await store.put(id(1), sized(big / 2), false);
  await store.put(id(2), sized(big / 2), true);
  await store.put(id(3), sized(big / 2 + 1), true);
  expect(await Promise.all([1, 2, 3].map(async (n) => (await store.get(id(n))) !== null))).toEqual([true, false, true]);
  expect(await store.unsaved()).toEqual([id(1)]);
  await store.saved(id(1));
  expect(await store.unsaved()).toEqual([]);
  await store.clear();
});

describe('over HTTP', () => {
  const id = '0'.repeat(64) as AssetId;
  const answering = (answer: () => Response | Promise<Response>) => {
    const fetched = vi.fn(async (_url: string, _init: RequestInit) => answer());
    vi.stubGlobal('fetch', fetched);
    const server = new RelayAssetServer('room/1');
    server.allow('wss://relay.test:8/v1/session', { token: 'T' });
    return { server, fetched };
  };

  test('ranges, tokens and addresses A9', async () => {
    expect(assetsUrl('wss://relay.test:8/x/v1/session', 'room/1', id)).toBe(
      `https://relay.test:8/x/v1/rooms/room%2F1/assets/${id}`,
    );
    const headers = { 'Content-Range': 'bytes 2-4/5' };
    const { server, fetched } = answering(() => new Response(new Uint8Array([3, 4, 5]), { status: 206, headers }));
    expect(await server.fetch(id, 2)).toEqual({ offset: 2, total: 5, data: new Uint8Array([3, 4, 5]) });
    expect(fetched.mock.calls[0]?.[1].headers).toEqual({ Range: 'bytes=2-', Authorization: 'Bearer T' });
  });

  test.each([
    [404, 'missing', false],
    [416, 'missing', false],
    [401, 'away', false],
    [503, 'away', false],
  ])('%i is %s', async (status, fetched, stored) => {
    const { server } = answering(() => new Response(null, { status }));
    expect(await server.fetch(id, 0)).toBe(fetched);
    if (status !== 404 && status !== 416) expect(await server.store(id, picture(9))).toBe(stored);
  });

  test('no network is away, a refusal says why, and without a token nothing is asked', async () => {
    const { server } = answering(() => Promise.reject(new TypeError('failed')));
    expect([await server.fetch(id, 0), await server.store(id, picture(9))]).toEqual(['away', false]);
    const full = answering(() => Response.json({ error: 'room_full' }, { status: 413 }));
    await expect(full.server.store(id, picture(9))).rejects.toMatchObject({ reason: 'room_full' });
    expect(await new RelayAssetServer('r').fetch(id, 0)).toBe('away');
  });
});
