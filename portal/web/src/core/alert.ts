/**
 * Crisis alerts (protocol.md section C): signed by the page that pressed, sealed so that only the portal can read them.
 *
 * Whoever carries one learns neither who pressed nor why. The portal answers with the receipt that lay inside.
 */
import { type Bytes, concatBytes, encodeUtf8 } from './bytes';
import { SetupError } from './errors';
import type { RoomId, SessionId } from './ids';
import { Writer } from './varint';

export const ALERT_ID_BYTES = 16;
export const ALERT_RECEIPT_BYTES = 16;
/** The longest sealed alert, and the longest body of an ALERT. */
export const ALERT_SEALED_BYTES = 1024;
const VERSION = 1;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;

export interface Alert {
  readonly room: RoomId;
  readonly session: SessionId;
  readonly id: Bytes;
  /** Unix ms by the room's clock. */
  readonly atMs: number;
  /** `[a-z][a-z_]{0,31}` */
  readonly reason: string;
  readonly receipt: Bytes;
}

export function encodeAlertBody(alert: Alert): Bytes {
  return new Writer(128)
    .u8(VERSION)
    .session(alert.session)
    .raw(alert.id)
    .varuint(alert.atMs)
    .varstring(alert.reason)
    .raw(alert.receipt)
    .finish();
}

/** What the session's key signs (C2). */
export function alertText(alert: Alert): Bytes {
  return concatBytes(
    encodeUtf8('chalkmesh/alert/1\n'),
    new Writer(64).varstring(alert.room).finish(),
    encodeAlertBody(alert),
  );
}

/** Signed and sealed for the portal's 65-byte point. Rejects with a DOMException when that is no point. */
export async function sealAlert(alert: Alert, sign: (text: Bytes) => Promise<Bytes>, recipient: Bytes): Promise<Bytes> {
  const plain = concatBytes(encodeAlertBody(alert), await sign(alertText(alert)));
  const once = await subtle().generateKey(CURVE, true, ['deriveBits']);
  return sealPlain(alert, plain, recipient, once);
}

/** C3, under a key that is used this once. */
export async function sealPlain(
  alert: Pick<Alert, 'room' | 'id'>,
  plain: Bytes,
  recipient: Bytes,
  once: CryptoKeyPair,
): Promise<Bytes> {
  const theirs = await subtle().importKey('raw', recipient, CURVE, false, []);
  const point = new Uint8Array(await subtle().exportKey('raw', once.publicKey));
  const shared = await subtle().deriveBits({ name: 'ECDH', public: theirs }, once.privateKey, 256);
  const base = await subtle().importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  const key = await subtle().deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: concatBytes(point, recipient),
      info: encodeUtf8('chalkmesh/alert-seal/1'),
    },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt'],
  );
  const additionalData = new Writer(96).varstring(alert.room).raw(alert.id).finish();
  const sealed = await subtle().encrypt({ name: 'AES-GCM', iv: new Uint8Array(12), additionalData }, key, plain);
  return concatBytes(point, new Uint8Array(sealed));
}

function subtle(): SubtleCrypto {
  const found: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (found === undefined) throw new SetupError('This page needs a secure (https) address to open a lesson.');
  return found;
}
