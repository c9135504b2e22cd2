/** Crisis alerts as bytes: protocol.md section C, by the vectors that Python wrote. */
import { describe, expect, test } from 'vitest';
import { type Alert, alertText, encodeAlertBody, sealAlert, sealPlain } from '../../src/core/alert';
import { concatBytes, formatHex } from '../../src/core/bytes';
import { asRoomId, type SessionId } from '../../src/core/ids';
import { importPoint, verifySignature } from '../../src/core/keys';
import { hex, vectors } from './vectors';

const alerts = vectors<{
  recipient: string;
  session_point: string;
  once: JsonWebKey;
  good: {
    room: string;
    session: string;
    id: string;
    at_ms: number;
    reason: string;
    receipt: string;
    text: string;
    sig: string;
    sealed: string;
  }[];
}>('alerts');

async function once(): Promise<CryptoKeyPair> {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const { d: _, ...open } = alerts.once;
  return {
    privateKey: await crypto.subtle.importKey('jwk', alerts.once, curve, false, ['deriveBits']),
    publicKey: await crypto.subtle.importKey('jwk', open, curve, true, []),
  };
}

describe('alert vectors C2, C3', () => {
  test.each(alerts.good)('$reason in $room', async (good) => {
    const alert: Alert = {
      room: asRoomId(good.room),
      session: good.session as SessionId,
      id: hex(good.id),
      atMs: good.at_ms,
      reason: good.reason,
      receipt: hex(good.receipt),
    };
    expect(formatHex(alertText(alert))).toBe(good.text);
    const key = await importPoint(hex(alerts.session_point));
    expect(await verifySignature(key, hex(good.sig), alertText(alert))).toBe(true);
    const plain = concatBytes(encodeAlertBody(alert), hex(good.sig));
    expect(formatHex(await sealPlain(alert, plain, hex(alerts.recipient), await once()))).toBe(good.sealed);
  });

  test('a key is used once: the same alert never looks the same', async () => {
    const [good] = alerts.good;
    if (good === undefined) throw new Error('no vector');
    const alert: Alert = {
      room: asRoomId(good.room),
      session: good.session as SessionId,
      id: hex(good.id),
      atMs: good.at_ms,
      reason: good.reason,
      receipt: hex(good.receipt),
    };
    const seal = () => sealAlert(alert, async () => hex(good.sig), hex(alerts.recipient));
    expect(formatHex(await seal())).not.toBe(formatHex(await seal()));
    await expect(sealAlert(alert, async () => hex(good.sig), new Uint8Array(65))).rejects.toThrow();
  });
});
