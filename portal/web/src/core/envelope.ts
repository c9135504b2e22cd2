/** The signed unit of everything that is drawn, said or set (protocol.md section E). */
import { type Bytes, concatBytes, encodeUtf8 } from './bytes';
import { malformed, oversized } from './errors';
import { asUserId, BOARD, CHAT, type DocRef, desk, type RoomId, type SessionId, STAGE } from './ids';
import { type PublicKey, sha256, verifySignature } from './keys';
import { LIMITS } from './limits';
import { Reader, Writer } from './varint';

export const HASH_BYTES = 16;
const SIGNATURE_BYTES = 64;
export const USER_BYTES = 64;
/** `prev` of the first envelope of a stream (E4). */
export const NO_HASH: Bytes = new Uint8Array(HASH_BYTES);

export interface Envelope {
  readonly doc: DocRef;
  readonly session: SessionId;
  readonly seq: number;
  readonly prev: Bytes;
  readonly authoredMs: number;
  readonly update: Bytes;
  readonly sig: Bytes;
  /** The whole envelope as on the wire, and its part before the signature. */
  readonly raw: Bytes;
  readonly body: Bytes;
}

export type EnvelopeFields = Pick<Envelope, 'doc' | 'session' | 'seq' | 'prev' | 'authoredMs' | 'update'>;

const KINDS = ['board', 'stage', 'chat', 'desk'] as const;

export function readDocRef(reader: Reader): DocRef {
  const kind = KINDS[reader.u8()];
  switch (kind) {
    case 'board':
      return BOARD;
    case 'stage':
      return STAGE;
    case 'chat':
      return CHAT;
    case 'desk': {
      const user = reader.varstring(USER_BYTES);
      if (user === '') throw malformed('desk of nobody');
      return desk(asUserId(user));
    }
    default:
      throw malformed('unknown document');
  }
}

export function writeDocRef(writer: Writer, doc: DocRef): void {
  writer.u8(KINDS.indexOf(doc.kind));
  if (doc.user !== null) writer.varstring(doc.user);
}

export function encodeBody(fields: EnvelopeFields): Bytes {
  if (fields.update.length < 1 || fields.update.length > LIMITS.update_bytes) throw oversized('update');
  const writer = new Writer(fields.update.length + 96).u8(1);
  writeDocRef(writer, fields.doc);
  return writer
    .session(fields.session)
    .varuint(fields.seq)
    .raw(fields.prev)
    .varuint(fields.authoredMs)
    .varbytes(fields.update)
    .finish();
}

export function decodeEnvelope(raw: Bytes): Envelope {
  const reader = new Reader(raw);
  if (reader.u8() !== 1) throw malformed('envelope version');
  const doc = readDocRef(reader);
  const session = reader.session();
  const seq = reader.varuint();
  if (seq < 1) throw malformed('seq begins at 1');
  const prev = reader.take(HASH_BYTES);
  const authoredMs = reader.varuint();
  const update = reader.varbytes(LIMITS.update_bytes);
  if (update.length === 0) throw malformed('empty update');
  const body = reader.slice(0, reader.position);
  const sig = reader.take(SIGNATURE_BYTES);
  reader.end();
  return { doc, session, seq, prev, authoredMs, update, sig, raw, body };
}

/** E2: what is signed, and what the hash is taken of. */
export const signedText = (room: RoomId, body: Uint8Array): Bytes =>
  concatBytes(encodeUtf8('chalkmesh/envelope/1\n'), new Writer().varstring(room).finish(), body);

/** E3. */
export async function envelopeHash(room: RoomId, body: Uint8Array): Promise<Bytes> {
  return (await sha256(signedText(room, body))).slice(0, HASH_BYTES);
}

export async function seal(
  room: RoomId,
  fields: EnvelopeFields,
  sign: (text: Bytes) => Promise<Bytes>,
): Promise<Envelope> {
  const body = encodeBody(fields);
  const sig = await sign(signedText(room, body));
  return { ...fields, sig, body, raw: concatBytes(body, sig) };
}

/** E2: whether the session's key signed this. */
export const verifyEnvelope = (room: RoomId, envelope: Envelope, key: PublicKey): Promise<boolean> =>
  verifySignature(key, envelope.sig, signedText(room, envelope.body));
