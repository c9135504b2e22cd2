import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { UpdateRefused } from '../../src/core/errors';
import { type Capability, parseDocRef, type Role, type SessionId, type UserId } from '../../src/core/ids';
import { Ledger } from '../../src/core/ledger';
import { LIVE_LIMITS, SNAPSHOT_LIMITS } from '../../src/core/limits';
import { checkUpdate, missingBase } from '../../src/core/policy';
import { splitUpdate } from '../../src/core/ysplit';
import { type Scan, scanUpdate } from '../../src/core/yupdate';
import { hex, vectors } from './vectors';

type Json = Record<string, unknown>;

const updates = vectors<{ name: string; hex: string; limits: 'update' | 'snapshot'; scan: Json | null }[]>('yupdates');

const ranges = (map: ReadonlyMap<number, readonly unknown[]>): Json =>
  Object.fromEntries([...map].map(([client, list]) => [String(client), list]));

/** Sorted, each once. */
function distinct(items: Scan['parents']): number[][] {
  const found = new Map(items.map(({ client, clock }) => [`${client}:${clock}`, [client, clock] as const]));
  return [...found.values()]
    .map(([client, clock]) => [client, clock])
    .sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
}

function spell(scan: Scan): Json {
  return {
    structs: ranges(scan.structs),
    deletes: ranges(scan.deletes),
    refs: Object.fromEntries(scan.refs),
    origins: scan.origins.map(({ client, clock }) => [client, clock]),
    root_keys: scan.rootKeys.map(({ root, key, client, clock, length }) => [root, key, client, clock, length]),
    types: scan.types.map(({ client, clock, inRoot, parent, kind }) => [
      client,
      clock,
      inRoot,
      parent === null ? null : [parent.client, parent.clock],
      kind,
    ]),
    halves: scan.halves.map(({ client, clock }) => [client, clock]),
    parents: distinct(scan.parents),
    gone: scan.gone.map(({ client, clock, length }) => [client, clock, length]),
    empty: scan.empty,
    roots: [...scan.roots].sort(),
    keyless_root: scan.keylessRoot,
    gc: scan.gc,
    skip: scan.skip,
    json: scan.old,
  };
}

describe('update vectors P1', () => {
  test.each(updates)('$name', ({ hex: text, limits, scan: expected }) => {
    const read = (): Scan => scanUpdate(hex(text), limits === 'update' ? LIVE_LIMITS : SNAPSHOT_LIMITS);
    if (expected === null) {
      expect(read).toThrow(UpdateRefused);
      return;
    }
    const counts = {
      gc: expected.gc !== 0,
      skip: expected.skip !== 0,
      json: expected.json !== 0,
      empty: expected.empty !== 0,
    };
    const got = spell(read());
    // A skip leaves a gap that only rules P2 and P8 look at: they refuse it by its flag.
    if (counts.skip) expect(got.skip).toBe(true);
    else expect(got).toEqual({ ...expected, ...counts });
  });

  test('what is let through does not make yjs throw', () => {
    for (const { hex: text, limits, scan } of updates) {
      if (scan === null || limits !== 'update' || scan.skip !== 0) continue;
      expect(() => Y.applyUpdate(new Y.Doc(), hex(text))).not.toThrow();
    }
  });

  test('mutated updates are refused with UpdateRefused and nothing else P1', () => {
    let seed = 99;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed % below;
    };
    const sources = updates.filter(({ hex: text }) => text.length < 4000);
    for (let round = 0; round < 6000; round++) {
      const bytes = hex(sources[random(sources.length)]?.hex ?? '00');
      for (let i = 0; i < 3 && bytes.length > 0; i++) bytes[random(bytes.length)] = random(256);
      try {
        scanUpdate(bytes);
      } catch (error) {
        expect(error, `seed 99, round ${round}`).toBeInstanceOf(UpdateRefused);
      }
    }
  });
});

const policy =
  vectors<
    {
      name: string;
      doc: string;
      ticket: { session: string; client: number; user: string; role: string; caps: string[] };
      before: string[];
      update: string;
      result: string;
    }[]
  >('policy');

describe('policy vectors P2–P7, E7', () => {
  test.each(policy)('$name: $result', ({ doc, ticket, before, update, result }) => {
    const ledger = new Ledger();
    for (const text of before) ledger.note(scanUpdate(hex(text), SNAPSHOT_LIMITS));
    const writer = {
      session: ticket.session as SessionId,
      client: ticket.client,
      user: ticket.user as UserId,
      role: ticket.role as Role,
      caps: new Set(ticket.caps as Capability[]),
    };
    const judge = (): string => {
      try {
        const scan = scanUpdate(hex(update));
        if (missingBase(scan, ledger)) return 'wait';
        checkUpdate(scan, parseDocRef(doc), writer, ledger);
        return 'ok';
      } catch (error) {
        if (error instanceof UpdateRefused) return error.rule;
        throw error;
      }
    };
    expect(judge()).toBe(result);
  });
});

test('a split update does what the whole does, in parts under the limit E1', () => {
  const doc = new Y.Doc();
  const base = new Y.Doc();
  doc.getMap('shapes').set('x', 1);
  Y.applyUpdate(base, Y.encodeStateAsUpdate(doc));
  const before = Y.encodeStateVector(base);
  for (let i = 0; i < 300; i++) doc.getMap('shapes').set(`s${i}`, new Y.Map([['ink', new Uint8Array(500)]]));
  for (let i = 0; i < 300; i += 2) doc.getMap('shapes').delete(`s${i}`);
  const update = Y.encodeStateAsUpdate(doc, before);
  const parts = splitUpdate(update, 20_000, 50);
  expect(parts.length).toBeGreaterThan(3);
  for (const part of parts) {
    expect(part.length).toBeLessThanOrEqual(20_000);
    scanUpdate(part);
    Y.applyUpdate(base, part);
  }
  expect(base.getMap('shapes').toJSON()).toEqual(doc.getMap('shapes').toJSON());
  expect(base.store.pendingStructs).toBeNull();
});
