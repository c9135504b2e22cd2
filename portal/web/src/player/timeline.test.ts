import { describe, expect, it } from 'vitest';
import { asSessionId } from '../core/ids';
import { Writer } from '../core/varint';
import { TimelineDecoder, type TimelineRecord } from './timeline';

const SESSION = asSessionId('00000000000000aa');
const NOBODY = asSessionId('0000000000000000');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

type Piece = [delta_ms: number, type: number, body: Uint8Array];

const update = (seq: number): Uint8Array =>
  new Writer()
    .u8(0)
    .session(SESSION)
    .varuint(seq)
    .varuint(1_700_000_000_000)
    .varbytes(new Uint8Array([0, 0]))
    .finish();
const cursor = (x: number): Uint8Array =>
  new Writer()
    .session(SESSION)
    .varstring('main')
    .zigzag(Math.round(x * 10))
    .zigzag(-15)
    .finish();
const event = (json: string): Uint8Array =>
  new Writer().varstring('hand').session(NOBODY).varbytes(text(json)).finish();
const person = new Writer().session(SESSION).varstring('u1').varstring('Ada').varstring('tutor').varuint(7).finish();
const end = (isLive: boolean, token = 'next'): Piece => [
  0,
  9,
  new Writer()
    .u8(isLive ? 1 : 0)
    .varstring(token)
    .finish(),
];

function stream(pieces: readonly Piece[]): Uint8Array {
  const writer = new Writer(1_024).raw(text('CMTL')).u8(1);
  for (const [delta_ms, type, body] of pieces) {
    writer.varuint(delta_ms).u8(type).varbytes(body);
  }
  return writer.finish();
}

const whole = stream([
  [0, 4, person],
  [1_000, 1, update(1)],
  [20, 2, cursor(12.5)],
  [0, 3, event('{"up":true}')],
  [500, 1, update(2)],
  end(false),
]);

function decode(bytes: Uint8Array, chunk = bytes.length) {
  const decoder = new TimelineDecoder();
  const records: TimelineRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    records.push(...decoder.push(bytes.subarray(at, at + chunk)));
  }
  return { records, end: decoder.finish() };
}

describe('a timeline', () => {
  it('gives every record with its room time', () => {
    const { records, end: last } = decode(whole);
    expect(records.map(({ kind, t_ms }) => [kind, t_ms])).toEqual([
      ['session', 0],
      ['update', 1_000],
      ['cursor', 1_020],
      ['event', 1_020],
      ['update', 1_520],
    ]);
    expect(records[2]).toMatchObject({ page: 'main', x: 12.5, y: -1.5 });
    expect(records[3]).toMatchObject({ name: 'hand', session: null, data: { up: true } });
    expect(last).toEqual({ isLive: false, token: 'next', isDamaged: false });
  });

  it.each([1, 2, 3, 7, 19])('gives the same in chunks of %i bytes', (chunk) => {
    expect(decode(whole, chunk)).toEqual(decode(whole));
  });

  it('skips types it does not know and ignores fields after those it knows', () => {
    const longer = new Uint8Array([...cursor(1), 9, 9, 9]);
    const { records } = decode(stream([[5, 77, text('later')], [5, 2, longer], end(true)]));
    expect(records).toHaveLength(1);
    expect(records[0]?.t_ms).toBe(10);
  });

  it('reads an empty recording', () => {
    expect(decode(stream([end(true, 't1')]))).toEqual({
      records: [],
      end: { isLive: true, token: 't1', isDamaged: false },
    });
  });
});

describe('a damaged timeline', () => {
  it('counts up to every place where it may be cut', () => {
    const full = decode(whole).records;
    for (let cut = 0; cut < whole.length - 1; cut += 1) {
      const { records, end: last } = decode(whole.subarray(0, cut));
      expect(last.isDamaged).toBe(true);
      expect(records).toEqual(full.slice(0, records.length));
    }
  });

  it.each([
    ['something else than a timeline', text('<!doctype html>')],
    ['another version', new Uint8Array([...text('CMTL'), 2, 0, 9, 1, 0])],
    [
      'a body longer than any record',
      stream([]).length &&
        new Writer().raw(text('CMTL')).u8(1).varuint(0).u8(1).varuint(1e9).raw(new Uint8Array(20)).finish(),
    ],
    ['a document that does not exist', stream([[0, 1, new Uint8Array([9, ...update(1).subarray(1)])]])],
    ['event data that is no JSON', stream([[0, 3, event('{')]])],
    ['a time beyond all lessons', stream([[2 ** 45, 2, cursor(1)]])],
  ])('ends at %s', (_, bytes) => {
    const { records, end: last } = decode(bytes as Uint8Array);
    expect(records).toEqual([]);
    expect(last.isDamaged).toBe(true);
  });

  it('never fails otherwise on random bytes', () => {
    let seed = 11;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed;
    };
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = whole.slice();
      for (let i = 0; i < 3; i += 1) {
        bytes[random() % bytes.length] = random() % 256;
      }
      expect(decode(bytes, 1 + (random() % 40)).records.length).toBeLessThanOrEqual(6);
    }
  });
});
