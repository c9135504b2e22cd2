import { describe, expect, test } from 'vitest';
import { formatBase64Url, formatHex, parseBase64Url } from '../../src/core/bytes';
import { ProtocolError } from '../../src/core/errors';
import { parseDocRef, type SessionId } from '../../src/core/ids';
import { LIMITS } from '../../src/core/limits';
import { decodeMessage, encodeMessage, type Message } from '../../src/core/messages';
import { Reader, Writer } from '../../src/core/varint';
import { hex, vectors } from './vectors';

interface Coded {
  readonly value: number;
  readonly hex: string;
}
interface Bad {
  readonly hex: string;
  readonly why: string;
}

const varint = vectors<{
  varuint: Coded[];
  zigzag: Coded[];
  bad_varuint: Bad[];
  bad_zigzag: Bad[];
  varstring: { value: string; hex: string }[];
  bad_varstring: Bad[];
}>('varint');

describe('varint vectors W1–W3', () => {
  test.each(varint.varuint)('varuint $value', ({ value, hex: text }) => {
    const reader = new Reader(hex(text));
    expect(reader.varuint()).toBe(value);
    reader.end();
    expect(formatHex(new Writer().varuint(value).finish())).toBe(text);
  });
  test.each(varint.zigzag)('zigzag $value', ({ value, hex: text }) => {
    expect(new Reader(hex(text)).zigzag()).toBe(value);
    expect(formatHex(new Writer().zigzag(value).finish())).toBe(text);
  });
  test.each(varint.varstring)('varstring $hex', ({ value, hex: text }) => {
    expect(new Reader(hex(text)).varstring(100_000)).toBe(value);
    expect(formatHex(new Writer().varstring(value).finish())).toBe(text);
  });
  test.each(varint.bad_varuint)('bad varuint: $why', ({ hex: text }) => {
    expect(() => new Reader(hex(text)).varuint()).toThrow(ProtocolError);
  });
  test.each(varint.bad_zigzag)('bad zigzag: $why', ({ hex: text }) => {
    expect(() => new Reader(hex(text)).zigzag()).toThrow(ProtocolError);
  });
  test.each(varint.bad_varstring)('bad varstring: $why', ({ hex: text }) => {
    expect(() => new Reader(hex(text)).varstring(100_000)).toThrow(ProtocolError);
  });
});

interface Fields {
  readonly [name: string]: unknown;
  readonly type: number;
}
const messages = vectors<{
  good: { name: string; hex: string; message: Fields }[];
  bad: { name: string; hex: string; limit: number; code: number }[];
}>('messages');
const live = vectors<{ good: { name: string; hex: string; message: Fields }[]; bad: { name: string; hex: string }[] }>(
  'live',
);

/** A message in the vectors' spelling. */
function spell(message: Message): Omit<Fields, 'type'> {
  const head = ({
    doc,
    session,
    seq,
    hash,
  }: {
    doc: { text: string };
    session: SessionId;
    seq: number;
    hash: Uint8Array;
  }) => ({
    doc: doc.text,
    session,
    seq,
    hash: formatHex(hash),
  });
  switch (message.type) {
    case 'ENVELOPE':
      return { envelope: formatHex(message.envelope.raw) };
    case 'ACK':
      return { entries: message.entries.map(({ doc, session, seq }) => ({ doc: doc.text, session, seq })) };
    case 'HAVE':
      return { reply: message.replyWanted, heads: message.heads.map(head) };
    case 'WANT':
      return { doc: message.doc.text, session: message.session, first: message.from, last: message.to };
    case 'SNAPSHOT':
      return {
        doc: message.doc.text,
        heads: message.heads.map(({ session, seq, hash }) => ({ session, seq, hash: formatHex(hash) })),
        update: formatHex(message.update),
      };
    case 'PRESENCE':
      return { session: message.session, version: message.version, state: formatHex(message.json) };
    case 'LIVE': {
      const { session, tick, page, desk, cursor, laser, ink } = message.live;
      return {
        session,
        tick,
        page,
        desk,
        cursor: cursor === null ? null : [cursor.x10, cursor.y10],
        laser,
        ink:
          ink === null
            ? null
            : {
                ...ink,
                kind: ink.kind === 'draw' ? 0 : 1,
                points: ink.points.map(({ x10, y10, pressure }) => [x10, y10, pressure]),
              },
      };
    }
    case 'ALERT':
      return { id: formatHex(message.id), content: formatHex(message.content), receipt: message.receipt };
    case 'PING':
    case 'PONG':
      return { nonce: String(message.nonce) };
    case 'TICKET':
    case 'REVOCATION':
      return { token: message.token };
    case 'SYNCED':
      return { docs: message.docs.map(({ text }) => text) };
    case 'LOGGED':
      return { room_ms: message.roomMs, envelope: formatHex(message.envelope.raw) };
    case 'REFUSED':
      return {
        doc: message.doc.text,
        session: message.session,
        seq: message.seq,
        code: message.code,
        reason: message.reason,
      };
  }
}

function normalise(fields: Fields): Record<string, unknown> {
  const { type: _type, ink, ...rest } = fields;
  if (ink === undefined || ink === null) return ink === undefined ? rest : { ...rest, ink };
  const { size10, ...others } = ink as Record<string, unknown>;
  return { ...rest, ink: { ...others, size10 } };
}

describe('message vectors W5, B', () => {
  test.each([...messages.good, ...live.good])('$name', ({ hex: text, message: expected }) => {
    const message = decodeMessage(hex(text), LIMITS.snapshot_bytes);
    expect(spell(message)).toEqual(normalise(expected));
    expect(formatHex(encodeMessage(message))).toBe(text);
  });
  test.each(messages.bad)('refuses $name', ({ hex: text, limit, code }) => {
    expect(() => decodeMessage(hex(text), limit)).toThrow(expect.objectContaining({ name: 'ProtocolError', code }));
  });
  test.each(live.bad)('refuses live $name', ({ hex: text }) => {
    expect(() => decodeMessage(hex(text), LIMITS.snapshot_bytes)).toThrow(ProtocolError);
  });
  test('mutated messages raise ProtocolError and nothing else W6', () => {
    let seed = 12345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 4000; round++) {
      const source = messages.good[random(messages.good.length)]?.hex ?? '';
      const bytes = hex(source).slice(0, 2 + random(source.length / 2));
      for (let i = 0; i < 3 && bytes.length > 0; i++) bytes[random(bytes.length)] = random(256);
      try {
        decodeMessage(bytes, LIMITS.socket_message_bytes);
      } catch (error) {
        expect(error, `seed 12345, round ${round}`).toBeInstanceOf(ProtocolError);
      }
    }
  });
});

test('base64url is strict', () => {
  expect(formatBase64Url(new Uint8Array([251, 255]))).toBe('-_8');
  for (const bad of ['-_9', 'a', '+/8=', 'ab c']) expect(() => parseBase64Url(bad)).toThrow(ProtocolError);
});

test('document names read back', () => {
  for (const name of ['board', 'stage', 'chat', 'desk/anna']) expect(parseDocRef(name).text).toBe(name);
  for (const name of ['desk/', 'desk', 'x']) expect(() => parseDocRef(name)).toThrow(ProtocolError);
});
