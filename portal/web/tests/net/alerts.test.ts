/** Crisis alerts between pages and the portal (protocol.md section C). */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { concatBytes, encodeUtf8, formatBase64Url, formatHex, parseBase64Url, parseHex } from '../../src/core/bytes';
import type { AlertMessage } from '../../src/core/messages';
import { Reader, Writer } from '../../src/core/varint';
import { LessonSession } from '../../src/net/session';
import { MemoryPortal } from '../support/portal';
import { MemoryRelay } from '../support/relay';
import { ROOM, School } from '../support/school';
import { Wire } from '../support/wire';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
let school: School;
let relay: MemoryRelay;
let wire: Wire;
let keys: CryptoKeyPair;
let point: Uint8Array<ArrayBuffer>;
const open: LessonSession[] = [];

/** What only the portal can do: read what is sealed. */
async function read(id: string, sealed: string): Promise<{ session: string; reason: string; receipt: string }> {
  const bytes = parseBase64Url(sealed);
  const once = bytes.slice(0, 65);
  const theirs = await crypto.subtle.importKey('raw', once, CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, keys.privateKey, 256);
  const base = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: concatBytes(once, point), info: encodeUtf8('chalkmesh/alert-seal/1') },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['decrypt'],
  );
  const additionalData = new Writer(96).varstring(ROOM).raw(parseHex(id)).finish();
  const opening = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData };
  const reader = new Reader(new Uint8Array(await crypto.subtle.decrypt(opening, key, bytes.slice(65))));
  reader.u8();
  const session = reader.session();
  expect(formatHex(reader.take(16))).toBe(id);
  reader.varuint();
  const reason = reader.varstring(32);
  return { session, reason, receipt: formatBase64Url(reader.take(16)) };
}

/** A portal that reads alerts. */
class ReadingPortal extends MemoryPortal {
  readonly read: { session: string; reason: string }[] = [];
  /** Says that it has what it has not, as somebody who carries and lies. */
  lies = false;

  override async alert(id: string, sealed: string): Promise<{ receipt: string; acknowledged: boolean }> {
    await super.alert(id, sealed);
    const { receipt, ...found } = await read(id, sealed);
    this.read.push(found);
    return { receipt: this.lies ? formatBase64Url(new Uint8Array(16)) : receipt, acknowledged: this.acknowledged };
  }
}

type Role = 'tutor' | 'student' | 'reviewer';

async function join(user: string, role: Role) {
  const portal = new ReadingPortal(school, user, role);
  portal.alertKey = formatBase64Url(point);
  const session = await LessonSession.open({
    lesson: 'L1',
    portal,
    connect: relay.connect,
    createPeer: wire.createPeer,
  });
  open.push(session);
  const states: string[] = [];
  session.on('alert', (state) => states.push(state));
  return { portal, session, states };
}

const ups = (session: LessonSession): number => session.connection.peers.filter(({ path }) => path === 'mesh').length;
const meshed = (...sessions: LessonSession[]) =>
  vi.waitFor(() => expect(sessions.map(ups)).toEqual(sessions.map(() => sessions.length - 1)), 5_000);

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  keys = (await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])) as CryptoKeyPair;
  point = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  school = await School.open();
  relay = new MemoryRelay(school.keys);
  wire = new Wire();
});
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
  vi.unstubAllGlobals();
});

describe('a crisis alert', () => {
  test('goes to the portal itself, and nobody else hears of it', async () => {
    const tutor = await join('tara', 'tutor');
    const student = await join('sam', 'student');
    await meshed(tutor.session, student.session);
    await tutor.session.pressAlert('medical');
    await vi.waitFor(() => expect(tutor.states).toEqual(['sending', 'stored']), 2_000);
    expect(tutor.portal.read).toEqual([{ session: tutor.session.me?.session, reason: 'medical' }]);
    expect(student.portal.alerts.size).toBe(0);
  });

  test('is carried by the observer when the presser has no way to the portal C4', async () => {
    const tutor = await join('tara', 'tutor');
    const observer = await join('quinn', 'reviewer');
    const student = await join('sam', 'student');
    await meshed(tutor.session, observer.session, student.session);
    relay.die();
    tutor.portal.down = true;
    await tutor.session.pressAlert('danger');
    await vi.waitFor(() => expect(tutor.states).toEqual(['sending', 'stored']), 2_000);
    expect(observer.portal.read).toEqual([{ session: tutor.session.me?.session, reason: 'danger' }]);
    // Not by way of a student while somebody of the staff is there.
    expect(student.portal.alerts.size).toBe(0);
    expect([observer.states, student.states]).toEqual([[], []]);
  });

  test('is carried by a student who is the only one left, and shown to nobody there C4', async () => {
    const tutor = await join('tara', 'tutor');
    const student = await join('sam', 'student');
    await meshed(tutor.session, student.session);
    relay.die();
    tutor.portal.down = true;
    await tutor.session.pressAlert('distress');
    await vi.waitFor(() => expect(tutor.states).toEqual(['sending', 'stored']), 2_000);
    expect(student.portal.alerts.size).toBe(1);
    expect(student.states).toEqual([]);
  });

  test('is not believed to be stored on a carrier’s word alone C4', async () => {
    const tutor = await join('tara', 'tutor');
    const student = await join('sam', 'student');
    await meshed(tutor.session, student.session);
    relay.die();
    tutor.portal.down = true;
    student.portal.lies = true;
    await tutor.session.pressAlert('other');
    await vi.waitFor(() => expect(student.portal.alerts.size).toBe(1), 2_000);
    await vi.waitFor(() => expect(student.portal.read.length).toBe(1), 2_000);
    expect(tutor.states).toEqual(['sending']);
    // It goes on trying, and gets through.
    tutor.portal.down = false;
    await vi.waitFor(() => expect(tutor.states).toEqual(['sending', 'stored']), 3_000);
  });

  test('that a page cannot bring either goes on to others once C4', async () => {
    const tutor = await join('tara', 'tutor');
    const observer = await join('quinn', 'reviewer');
    await meshed(tutor.session, observer.session);
    observer.portal.down = true;
    tutor.portal.down = true;
    const carried: AlertMessage[] = [];
    const broadcast = vi.spyOn(relay, 'broadcast');
    await tutor.session.pressAlert('other');
    await vi.waitFor(() => {
      for (const [, message] of broadcast.mock.calls) if (message.type === 'ALERT') carried.push(message);
      expect(carried.length).toBeGreaterThan(0);
    }, 2_000);
    expect(carried.every(({ receipt }) => !receipt)).toBe(true);
    expect(tutor.states).toEqual(['sending']);
  });
});
