/** Binary messages of the session socket and of data channels (protocol.md section B). */
import { ALERT_ID_BYTES, ALERT_RECEIPT_BYTES, ALERT_SEALED_BYTES } from './alert';
import { type Bytes, encodeUtf8 } from './bytes';
import { decodeEnvelope, type Envelope, HASH_BYTES, readDocRef, writeDocRef } from './envelope';
import { malformed, oversized } from './errors';
import type { DocRef, SessionId } from './ids';
import { LIMITS, MESSAGE } from './limits';
import { decodeLive, encodeLive, type LivePacket } from './presence';
import { Reader, Writer } from './varint';

/** The newest envelope held of one stream (D3). */
export interface Head {
  readonly doc: DocRef;
  readonly session: SessionId;
  readonly seq: number;
  readonly hash: Bytes;
}

export interface StreamSeq {
  readonly doc: DocRef;
  readonly session: SessionId;
  readonly seq: number;
}

export type Message =
  | { readonly type: 'ENVELOPE'; readonly envelope: Envelope }
  | { readonly type: 'ACK'; readonly entries: readonly StreamSeq[] }
  | { readonly type: 'HAVE'; readonly replyWanted: boolean; readonly heads: readonly Head[] }
  | {
      readonly type: 'WANT';
      readonly doc: DocRef;
      readonly session: SessionId;
      readonly from: number;
      readonly to: number;
    }
  | { readonly type: 'SNAPSHOT'; readonly doc: DocRef; readonly heads: readonly Head[]; readonly update: Bytes }
  | { readonly type: 'PRESENCE'; readonly session: SessionId; readonly version: number; readonly json: Bytes }
  | { readonly type: 'LIVE'; readonly live: LivePacket }
  | { readonly type: 'PING' | 'PONG'; readonly nonce: bigint }
  | { readonly type: 'TICKET' | 'REVOCATION'; readonly token: string }
  | { readonly type: 'SYNCED'; readonly docs: readonly DocRef[] }
  | { readonly type: 'LOGGED'; readonly roomMs: number; readonly envelope: Envelope }
  | {
      readonly type: 'REFUSED';
      readonly doc: DocRef;
      readonly session: SessionId;
      readonly seq: number;
      readonly code: number;
      readonly reason: string;
    }
  | AlertMessage;

/** C1: a sealed alert on its way to the portal, or the portal's receipt on its way back. */
export interface AlertMessage {
  readonly type: 'ALERT';
  readonly id: Bytes;
  readonly receipt: boolean;
  readonly content: Bytes;
}

export type MessageType = Message['type'];
const ENVELOPE_BYTES = LIMITS.update_bytes + 256;
const REASON_BYTES = 200;
const TYPES = new Map<number, MessageType>(
  Object.entries(MESSAGE).map(([name, number]) => [number, name as MessageType]),
);

function seqNumber(reader: Reader): number {
  const seq = reader.varuint();
  if (seq < 1) throw malformed('seq begins at 1');
  return seq;
}

const streamSeq = (reader: Reader): StreamSeq => ({
  doc: readDocRef(reader),
  session: reader.session(),
  seq: seqNumber(reader),
});

const head = (reader: Reader): Head => ({ ...streamSeq(reader), hash: reader.take(HASH_BYTES) });

/** Things that each take at least `size` bytes: a lie about their number cannot make us allocate. */
function list<T>(reader: Reader, size: number, max: number, read: (reader: Reader) => T): T[] {
  const n = reader.varuint();
  if (n > max || n * size > reader.remaining) throw malformed('count');
  const out: T[] = [];
  for (let i = 0; i < n; i++) out.push(read(reader));
  return out;
}

function decodeBody(type: MessageType, reader: Reader): Message {
  switch (type) {
    case 'ENVELOPE':
      return { type, envelope: decodeEnvelope(reader.take(Math.min(reader.remaining, ENVELOPE_BYTES))) };
    case 'ACK':
      return { type, entries: list(reader, 10, LIMITS.socket_message_bytes, streamSeq) };
    case 'HAVE': {
      const flags = reader.u8();
      if (flags > 1) throw malformed('flags');
      return { type, replyWanted: flags === 1, heads: list(reader, 26, LIMITS.have_entries, head) };
    }
    case 'WANT': {
      const doc = readDocRef(reader);
      const session = reader.session();
      const from = seqNumber(reader);
      const to = seqNumber(reader);
      if (to < from || to - from > LIMITS.want_span) throw malformed('range');
      return { type, doc, session, from, to };
    }
    case 'SNAPSHOT': {
      const doc = readDocRef(reader);
      const heads = list(reader, 25, LIMITS.snapshot_bytes, (from) => ({
        doc,
        session: from.session(),
        seq: seqNumber(from),
        hash: from.take(HASH_BYTES),
      }));
      return { type, doc, heads, update: reader.varbytes(LIMITS.snapshot_bytes) };
    }
    case 'PRESENCE':
      return {
        type,
        session: reader.session(),
        version: reader.varuint(),
        json: reader.varbytes(LIMITS.presence_bytes),
      };
    case 'LIVE':
      return { type, live: decodeLive(reader) };
    case 'PING':
    case 'PONG':
      return { type, nonce: reader.u64() };
    case 'TICKET':
    case 'REVOCATION':
      return { type, token: reader.varstring(LIMITS.ticket_bytes) };
    case 'SYNCED':
      return { type, docs: list(reader, 1, LIMITS.have_entries, readDocRef) };
    case 'LOGGED':
      return { type, roomMs: reader.varuint(), envelope: decodeEnvelope(reader.varbytes(ENVELOPE_BYTES)) };
    case 'REFUSED':
      return { type, ...streamSeq(reader), code: reader.u16(), reason: reader.varstring(REASON_BYTES) };
    case 'ALERT': {
      const id = reader.take(ALERT_ID_BYTES);
      const kind = reader.u8();
      const content = reader.varbytes(ALERT_SEALED_BYTES);
      const isReceipt = kind === 1;
      if (kind > 1 || content.length === 0 || (isReceipt && content.length !== ALERT_RECEIPT_BYTES)) {
        throw malformed('kind of an ALERT');
      }
      return { type, id, receipt: isReceipt, content };
    }
  }
}

/** Any failure is a ProtocolError (W6). `limitBytes` is the limit of the path it came by (W7). */
export function decodeMessage(data: Uint8Array, limitBytes: number): Message {
  if (data.length > limitBytes) throw oversized('message');
  const reader = new Reader(data);
  const type = TYPES.get(reader.u8());
  if (type === undefined) throw malformed('unknown message type');
  const message = decodeBody(type, reader);
  reader.end();
  return message;
}

function writeStreamSeq(writer: Writer, entry: StreamSeq): void {
  writeDocRef(writer, entry.doc);
  writer.session(entry.session).varuint(entry.seq);
}

export function encodeMessage(message: Message): Bytes {
  const writer = new Writer(128).u8(MESSAGE[message.type]);
  switch (message.type) {
    case 'ENVELOPE':
      return writer.raw(message.envelope.raw).finish();
    case 'ACK':
      writer.varuint(message.entries.length);
      for (const entry of message.entries) writeStreamSeq(writer, entry);
      return writer.finish();
    case 'HAVE':
      writer.u8(message.replyWanted ? 1 : 0).varuint(message.heads.length);
      for (const entry of message.heads) {
        writeStreamSeq(writer, entry);
        writer.raw(entry.hash);
      }
      return writer.finish();
    case 'WANT':
      writeDocRef(writer, message.doc);
      return writer.session(message.session).varuint(message.from).varuint(message.to).finish();
    case 'SNAPSHOT':
      writeDocRef(writer, message.doc);
      writer.varuint(message.heads.length);
      for (const entry of message.heads) writer.session(entry.session).varuint(entry.seq).raw(entry.hash);
      return writer.varbytes(message.update).finish();
    case 'PRESENCE':
      return writer.session(message.session).varuint(message.version).varbytes(message.json).finish();
    case 'LIVE':
      return writer.raw(encodeLive(message.live)).finish();
    case 'PING':
    case 'PONG':
      return writer.u64(message.nonce).finish();
    case 'TICKET':
    case 'REVOCATION':
      return writer.varstring(message.token).finish();
    case 'SYNCED':
      writer.varuint(message.docs.length);
      for (const doc of message.docs) writeDocRef(writer, doc);
      return writer.finish();
    case 'LOGGED':
      return writer.varuint(message.roomMs).varbytes(message.envelope.raw).finish();
    case 'REFUSED':
      writeStreamSeq(writer, message);
      return writer.u16(message.code).varbytes(encodeUtf8(message.reason).slice(0, REASON_BYTES)).finish();
    case 'ALERT':
      return writer
        .raw(message.id)
        .u8(message.receipt ? 1 : 0)
        .varbytes(message.content)
        .finish();
  }
}
