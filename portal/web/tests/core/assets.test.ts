import { describe, expect, test } from 'vitest';
import { type Action, AssetFetcher } from '../../src/core/assetFetch';
import {
  ASSET_LIMITS,
  type AssetId,
  AssetSender,
  decodeBulk,
  encodeBulk,
  parseAsset,
  sniffMime,
} from '../../src/core/assets';
import { type Bytes, formatHex } from '../../src/core/bytes';
import { CloseCode, ProtocolError } from '../../src/core/errors';
import { asSessionId } from '../../src/core/ids';
import { hex, vectors } from './vectors';

const cases = vectors<{
  good: { name: string; hex: string; message: Record<string, unknown> }[];
  bad: { name: string; hex: string }[];
  mimes: { hex: string; mime: string | null }[];
}>('bulk');

describe('vectors of bulk A2', () => {
  test.each(cases.good)('$name', ({ hex: text, message }) => {
    const decoded = decodeBulk(hex(text));
    expect(decoded.type === 'CHUNK' ? { ...decoded, data: formatHex(decoded.data) } : decoded).toEqual(message);
    expect(formatHex(encodeBulk(decoded))).toBe(text);
  });
  test.each(cases.bad)('refuses $name', ({ hex: text }) => {
    expect(() => decodeBulk(hex(text))).toThrow(ProtocolError);
  });
  test.each(cases.mimes)('$hex is $mime', ({ hex: text, mime }) => {
    expect(sniffMime(hex(text))).toBe(mime);
  });
});

test('an asset is named by 64 hex digits A1', () => {
  for (const text of ['', 'A'.repeat(64), '0'.repeat(63)]) expect(() => parseAsset(text)).toThrow(ProtocolError);
});

const [ANN, BOB] = [asSessionId('a'.repeat(16)), asSessionId('b'.repeat(16))];
const ASSET = '1'.repeat(64) as AssetId;
const WINDOW = ASSET_LIMITS.window_bytes;
const bytes = (n: number, fill = 7): Bytes => new Uint8Array(n).fill(fill);
const chunk = (offset: number, data: Bytes, total: number) =>
  ({ type: 'CHUNK', asset: ASSET, offset, total, data }) as const;

function fetching(...peers: (typeof ANN)[]): AssetFetcher {
  const fetcher = new AssetFetcher();
  for (const peer of peers) fetcher.peerUp(peer, 0);
  expect(fetcher.want(ASSET, 0)).toBe(true);
  return fetcher;
}
const brief = (actions: readonly Action[]): unknown[] =>
  actions.map((action) => {
    if (action.kind === 'ask') return ['ask', action.peer, action.message.first, action.message.count];
    return action.kind === 'server' ? ['server', action.first] : [action.kind];
  });

test('a window at a time, the next when half of the last is here A3', () => {
  const fetcher = fetching(ANN);
  expect(brief(fetcher.takeActions())).toEqual([['ask', ANN, 0, WINDOW]]);
  const total = WINDOW + 10;
  for (let at = 0; at < WINDOW; at += 16_384) fetcher.receive(ANN, chunk(at, bytes(16_384), total), 0);
  expect(brief(fetcher.takeActions())).toEqual([['ask', ANN, WINDOW, 10]]);
  fetcher.receive(ANN, chunk(WINDOW, bytes(10), total), 0);
  const [check] = fetcher.takeActions();
  expect(check?.kind === 'check' && check.data.length).toBe(total);
  fetcher.checked(ASSET, true, 0);
  expect(brief(fetcher.takeActions())).toEqual([['fetched']]);
});

test('another source goes on where one left off: stall, link gone, NONE A6', () => {
  const fetcher = fetching(ANN, BOB);
  fetcher.takeActions();
  fetcher.receive(ANN, chunk(0, bytes(100), 1_000), 0);
  fetcher.tick(ASSET_LIMITS.stall_ms);
  expect(brief(fetcher.takeActions())).toEqual([['ask', BOB, 100, 900]]);
  fetcher.receive(BOB, chunk(100, bytes(50), 1_000), 4_000);
  fetcher.peerDown(BOB, 4_000);
  expect(brief(fetcher.takeActions())).toEqual([['server', 150]]);
  fetcher.serverAway(ASSET, 4_000);
  fetcher.peerUp(BOB, 4_100);
  expect(brief(fetcher.takeActions())).toEqual([['ask', ANN, 150, 850]]);
  fetcher.receive(ANN, { type: 'NONE', asset: ASSET }, 4_200);
  expect(brief(fetcher.takeActions())).toEqual([['ask', BOB, 150, 850]]);
});

test('a wrong whole of one peer costs it the asset; of two, each is asked alone A6', () => {
  const one = fetching(ANN, BOB);
  one.receive(ANN, chunk(0, bytes(10), 10), 0);
  one.takeActions();
  one.checked(ASSET, false, 0);
  expect(brief(one.takeActions())).toEqual([['ask', BOB, 0, WINDOW]]);
  const two = fetching(ANN, BOB);
  two.receive(ANN, chunk(0, bytes(5), 10), 0);
  two.peerDown(ANN, 0);
  two.receive(BOB, chunk(5, bytes(5), 10), 0);
  two.takeActions();
  two.peerUp(ANN, 0);
  two.checked(ASSET, false, 0);
  expect(brief(two.takeActions())[0]).toEqual(['ask', BOB, 0, WINDOW]);
});

test('what nobody has fails after its rounds A7', () => {
  const fetcher = fetching();
  let now = 0;
  const seen: unknown[] = [];
  for (let i = 0; i < 200; i++) {
    now += 500;
    fetcher.tick(now);
    for (const action of fetcher.takeActions()) {
      seen.push(action.kind === 'failed' ? action.reason : action.kind);
      if (action.kind === 'server') fetcher.serverMissing(ASSET, now);
    }
  }
  expect(seen).toEqual([...Array<string>(ASSET_LIMITS.rounds).fill('server'), 'unknown']);
});

test('few at once, and not too many wanted A6', () => {
  const fetcher = new AssetFetcher();
  fetcher.peerUp(ANN, 0);
  const id = (n: number) => n.toString(16).padStart(64, '0') as AssetId;
  for (let n = 0; n < ASSET_LIMITS.wanted; n++) expect(fetcher.want(id(n), 0)).toBe(true);
  expect(fetcher.want(id(9_999), 0)).toBe(false);
  expect(fetcher.takeActions()).toHaveLength(ASSET_LIMITS.parallel);
  fetcher.forget(id(0), 0);
  expect(fetcher.takeActions()).toHaveLength(1);
});

test('a sender sends a range in chunks and bounds what waits A4 A6', () => {
  const sender = new AssetSender((asset) => (asset === ASSET ? bytes(100_000) : null));
  sender.receive({ type: 'ASK', asset: ASSET, first: 50_000, count: 40_000 });
  sender.receive({ type: 'ASK', asset: '2'.repeat(64) as AssetId, first: 0, count: 1 });
  sender.receive({ type: 'ASK', asset: ASSET, first: 100_000, count: 1 });
  const sent: unknown[] = [];
  for (let next = sender.nextMessage(); next !== null; next = sender.nextMessage()) {
    sent.push(next.type === 'CHUNK' ? [next.offset, next.data.length] : next.type);
  }
  expect(sent).toEqual([[50_000, 16_384], [66_384, 16_384], [82_768, 7_232], 'NONE']);
  const ask = { type: 'ASK', asset: ASSET, first: 0, count: 1 } as const;
  for (let i = 0; i < ASSET_LIMITS.asks_waiting; i++) sender.receive(ask);
  expect(() => sender.receive(ask)).toThrowError(expect.objectContaining({ code: CloseCode.rate_limited }));
});
