/** Session keys (WebCrypto P-256, never exportable), the school's key set, and the texts that keys sign. */
import { type Bytes, concatBytes, encodeUtf8, formatBase64Url, parseBase64Url } from './bytes';
import { CloseCode, malformed, SetupError, TicketError } from './errors';
import type { RoomId, SessionId } from './ids';
import { Writer } from './varint';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const POINT_BYTES = 65;

/** A verified point of the curve, ready to check signatures with. */
export type PublicKey = CryptoKey;
export type KeySet = ReadonlyMap<string, PublicKey>;

/** WebCrypto is missing on pages that are neither https nor localhost: say that, not "undefined". */
function subtle(): SubtleCrypto {
  const found: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (found === undefined) throw new SetupError('This page needs a secure (https) address to open a lesson.');
  return found;
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest('SHA-256', bytes));
}

export class SessionKey {
  private constructor(
    /** To be kept or used, never read. */
    readonly privateKey: CryptoKey,
    /** The 65-byte uncompressed point. */
    readonly point: Bytes,
  ) {}

  static async generate(): Promise<SessionKey> {
    const pair = await subtle().generateKey(CURVE, false, ['sign', 'verify']);
    return new SessionKey(pair.privateKey, new Uint8Array(await subtle().exportKey('raw', pair.publicKey)));
  }

  /** Raw r‖s, 64 bytes. */
  sign = (text: Bytes): Promise<Bytes> => signWith(this.privateKey)(text);
}

/** Signs with a key that was kept. */
export const signWith =
  (key: CryptoKey) =>
  async (text: Bytes): Promise<Bytes> =>
    new Uint8Array(await subtle().sign(SIGNING, key, text));

export async function importPoint(point: Bytes): Promise<PublicKey> {
  if (point.length !== POINT_BYTES || point[0] !== 4) throw malformed('public key');
  try {
    return await subtle().importKey('raw', point, CURVE, true, ['verify']);
  } catch {
    throw malformed('public key is not on the curve');
  }
}

export function verifySignature(key: PublicKey, sig: Bytes, text: Bytes): Promise<boolean> {
  return subtle().verify(SIGNING, key, sig, text);
}

/** A JSON Web Key Set of P-256 keys by `kid`; keys of other kinds are passed over. */
export async function loadJwks(jwks: unknown): Promise<KeySet> {
  const listed = (jwks as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(listed)) throw new TicketError(CloseCode.ticket_refused, 'key set');
  const keys = new Map<string, PublicKey>();
  for (const entry of listed as Record<string, unknown>[]) {
    const { kty, crv, x, y, kid } = entry;
    if (kty !== 'EC' || crv !== 'P-256') continue;
    if (typeof x !== 'string' || typeof y !== 'string' || typeof kid !== 'string') continue;
    keys.set(kid, await importPoint(concatBytes(new Uint8Array([4]), parseBase64Url(x), parseBase64Url(y))));
  }
  return keys;
}

/** S2: what proves at the relay that a ticket's key is ours. */
export async function helloText(nonce: Bytes, ticket: string): Promise<Bytes> {
  return concatBytes(encodeUtf8('chalkmesh/hello/1\n'), nonce, await sha256(encodeUtf8(ticket)));
}

/** M4: the fingerprint of every such line of a session description, in the order in which they are signed. */
export function fingerprints(sdp: string): string {
  const found: string[] = [];
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    if (line.startsWith('a=fingerprint:')) found.push(line.slice('a=fingerprint:'.length).trim().toLowerCase());
  }
  return found.sort().join(',');
}

/** M4: binds one DTLS certificate to a pair of sessions. */
export const fingerprintText = (room: RoomId, from: SessionId, to: SessionId, sdp: string): Bytes =>
  concatBytes(
    encodeUtf8('chalkmesh/dtls/1\n'),
    new Writer().varstring(room).session(from).session(to).varstring(fingerprints(sdp)).finish(),
  );

/** A fresh Yjs client id: unsigned 32 bits. */
export function randomClientId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

export const formatPoint = (point: Bytes): string => formatBase64Url(point);
