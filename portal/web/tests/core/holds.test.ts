import { beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { Board } from '../../src/core/board';
import type { Envelope } from '../../src/core/envelope';
import { Holds } from '../../src/core/holds';
import { asUserId, BOARD, desk, MAIN_PAGE, parseDocRef, type Role, STAGE } from '../../src/core/ids';
import { LIMITS } from '../../src/core/limits';
import { mayRead } from '../../src/core/policy';
import type { Source } from '../../src/core/replica';
import { Stage } from '../../src/core/stage';
import { type Member, member, NOW, School } from '../support/school';
import { vectors } from './vectors';

interface Step {
  readonly now_ms: number;
  readonly set: Readonly<Record<string, unknown>>;
  readonly freed: boolean;
  readonly shown: string | null;
  readonly asks: readonly {
    readonly user: string;
    readonly role: Role;
    readonly doc: string;
    readonly kept: boolean;
  }[];
}

const LATER = NOW + LIMITS.hold_grace_ms;
const points = [{ x: 10, y: 10, pressure: 128, t: 0 }];
const stroke = { page: MAIN_PAGE, points, kind: 'draw', colour: 'blue', size: 4, nowMs: NOW } as const;

test('holds are those of the vectors P10 D4', () => {
  const doc = new Y.Doc();
  const holds = new Holds();
  for (const step of vectors<Step[]>('holds')) {
    for (const [key, value] of Object.entries(step.set)) doc.getMap('stage').set(key, value);
    expect(holds.read(doc, step.now_ms)).toBe(step.freed);
    expect(holds.shownDesk).toBe(step.shown);
    for (const { user, role, doc: text, kept } of step.asks) {
      expect(holds.keepsOut({ user: asUserId(user), role }, parseDocRef(text), step.now_ms)).toBe(kept);
    }
  }
});

test('a desk is read by its owner, staff and the recorder, and by all while it is shown D4', () => {
  const [anna, bert] = [asUserId('anna'), asUserId('bert')];
  const reads = (user: typeof anna, role: Role, shown: typeof anna | null): boolean =>
    mayRead({ user, role }, desk(anna), shown);
  expect([reads(anna, 'student', null), reads(bert, 'tutor', null), reads(bert, 'recorder', null)]).toEqual([
    ...[true, true, true],
  ]);
  expect([reads(bert, 'student', null), reads(bert, 'student', bert), reads(bert, 'student', anna)]).toEqual([
    ...[false, false, true],
  ]);
});

describe('a held student', () => {
  let school: School;
  beforeAll(async () => {
    school = await School.open();
  });

  async function people(): Promise<[Member, Member, Member]> {
    const tutor = await member(school, 1, { role: 'tutor' });
    const anna = await member(school, 2);
    const bert = await member(school, 3);
    for (const one of [tutor, anna, bert]) {
      for (const other of [tutor, anna, bert]) await one.replica.admitTicket(other.token, NOW);
    }
    return [tutor, anna, bert];
  }

  async function hold(by: Member, whom: Member, isHeld: boolean): Promise<Envelope> {
    const stage = new Stage(by.replica.doc(STAGE));
    stage.writable = true;
    stage.hold(whom.ticket.user, isHeld);
    const [envelope] = await by.flush();
    if (envelope === undefined) throw new Error('no hold');
    return envelope;
  }

  const take = async (to: Member, envelope: Envelope, nowMs: number, source: Source = 'peer'): Promise<string[]> =>
    (await to.replica.receive(envelope, source, nowMs)).map((event) =>
      event.kind === 'parked' ? event.reason : event.kind,
    );

  async function draw(by: Member): Promise<Envelope> {
    const board = new Board(by.replica.doc(BOARD));
    board.setAuthor(by.ticket.session);
    board.addStroke(stroke);
    const [envelope] = await by.flush();
    if (envelope === undefined) throw new Error('no stroke');
    return envelope;
  }

  test('writes nothing that peers take, until the tutor lets go; then all follows P10', async () => {
    const [tara, ann, ben] = await people();
    await take(ben, await hold(tara, ann, true), NOW);
    const underWay = await draw(ann);
    expect(await take(ben, underWay, LATER - 1)).toEqual(['applied']);
    const [second, third] = [await draw(ann), await draw(ann)];
    expect(await take(ben, third, LATER)).toEqual(['held']);
    expect(await take(ben, second, LATER)).toEqual(['held']);
    expect(ben.replica.wants(LATER + 10_000)).toEqual([]);
    expect(await take(tara, underWay, LATER)).toEqual(['held']);
    expect(await take(ben, await hold(tara, ann, false), LATER)).toEqual(['applied', 'applied', 'applied']);
    expect(ben.replica.parked).toBe(0);
  });

  test('is written by what the relay took, whatever waits here P10', async () => {
    const [tara, ann, ben] = await people();
    await take(ben, await hold(tara, ann, true), NOW);
    const drawn = await draw(ann);
    expect(await take(ben, drawn, LATER)).toEqual(['held']);
    expect(await take(ben, drawn, LATER)).toEqual(['duplicate']);
    expect((await take(ben, drawn, LATER, 'relay'))[0]).toBe('applied');
    expect(ben.replica.parked).toBe(0);
    expect(await take(ben, await draw(ann), LATER, 'store')).toEqual(['applied']);
  });
});
