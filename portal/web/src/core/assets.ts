/** Pictures by their hash (protocol.md section A): what is said on `bulk`, and what counts as a picture. */
import SPEC from '@spec/assets.json';
import { type Bytes, formatHex, parseHex } from './bytes';
import { CloseCode, malformed, oversized, ProtocolError } from './errors';
import { Reader, Writer } from './varint';

const { types: TYPES, mimes, ...limits } = SPEC;
export const ASSET_LIMITS = limits;
export const MIMES: readonly string[] = mimes;

/** SHA-256 of the bytes, 64 lower-case hex digits. */
export type AssetId = string & { readonly __brand: 'AssetId' };

const HASH_BYTES = 32;
const BULK_BYTES = ASSET_LIMITS.chunk_bytes + 64;

export type AskMessage = {
  readonly type: 'ASK';
  readonly asset: AssetId;
  readonly first: number;
  readonly count: number;
};
export type ChunkMessage = {
  readonly type: 'CHUNK';
  readonly asset: AssetId;
  readonly offset: number;
  readonly total: number;
  readonly data: Bytes;
};
export type NoneMessage = { readonly type: 'NONE'; readonly asset: AssetId };
export type BulkMessage = AskMessage | ChunkMessage | NoneMessage;

/** Raises ProtocolError. */
export function parseAsset(text: string): AssetId {
  if (!/^[0-9a-f]{64}$/.test(text)) throw malformed('asset id');
  return text as AssetId;
}

const MAGIC: readonly (readonly [string, RegExp])[] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/webp', /^52494646.{8}57454250/],
];

/** What kind of picture these bytes begin like, null for anything else. It says nothing of the rest (A8). */
export function sniffMime(data: Uint8Array): string | null {
  const head = formatHex(data.subarray(0, 12));
  return MAGIC.find(([, magic]) => magic.test(head))?.[0] ?? null;
}

/** Any failure is a ProtocolError (W6). */
export function decodeBulk(data: Uint8Array): BulkMessage {
  if (data.length > BULK_BYTES) throw oversized('message');
  const reader = new Reader(data);
  const kind = reader.u8();
  const asset = formatHex(reader.take(HASH_BYTES)) as AssetId;
  const message = decodeBody(kind, asset, reader);
  reader.end();
  return message;
}

function decodeBody(kind: number, asset: AssetId, reader: Reader): BulkMessage {
  switch (kind) {
    case TYPES.ASK: {
      const [first, count] = [reader.varuint(), reader.varuint()];
      if (count < 1 || count > ASSET_LIMITS.window_bytes) throw malformed('window of an ask');
      if (first + count > ASSET_LIMITS.asset_bytes) throw malformed('range of an ask');
      return { type: 'ASK', asset, first, count };
    }
    case TYPES.CHUNK: {
      const [offset, total] = [reader.varuint(), reader.varuint()];
      const chunk = reader.varbytes(ASSET_LIMITS.chunk_bytes);
      if (chunk.length === 0 || total > ASSET_LIMITS.asset_bytes || offset + chunk.length > total) {
        throw malformed('range of a chunk');
      }
      return { type: 'CHUNK', asset, offset, total, data: chunk };
    }
    case TYPES.NONE:
      return { type: 'NONE', asset };
    default:
      throw malformed('unknown message type');
  }
}

export function encodeBulk(message: BulkMessage): Bytes {
  const writer = new Writer(message.type === 'CHUNK' ? BULK_BYTES : 64).u8(TYPES[message.type]);
  writer.raw(parseHex(message.asset));
  if (message.type === 'ASK') writer.varuint(message.first).varuint(message.count);
  else if (message.type === 'CHUNK') writer.varuint(message.offset).varuint(message.total).varbytes(message.data);
  return writer.finish();
}

/** Serves the asks of one link, one chunk at a time, whenever the channel has room (A4). */
export class AssetSender {
  private readonly asks: AskMessage[] = [];

  /** `held` gives the bytes of an asset or null. */
  constructor(private readonly held: (asset: AssetId) => Bytes | null) {}

  /** Raises ProtocolError over the bound (A6). */
  receive(ask: AskMessage): void {
    if (this.asks.length >= ASSET_LIMITS.asks_waiting) throw new ProtocolError(CloseCode.rate_limited, 'too many asks');
    this.asks.push(ask);
  }

  /** What to send next; null when nothing is asked for. */
  nextMessage(): ChunkMessage | NoneMessage | null {
    for (let ask = this.asks.shift(); ask !== undefined; ask = this.asks.shift()) {
      const { asset, first, count } = ask;
      const data = this.held(asset);
      if (data === null) return { type: 'NONE', asset };
      const last = Math.min(first + count, data.length);
      if (first >= last) continue;
      const end = Math.min(first + ASSET_LIMITS.chunk_bytes, last);
      if (end < last) this.asks.unshift({ type: 'ASK', asset, first: end, count: first + count - end });
      return { type: 'CHUNK', asset, offset: first, total: data.length, data: data.subarray(first, end) };
    }
    return null;
  }
}
