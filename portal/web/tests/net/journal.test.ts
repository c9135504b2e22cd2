import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Doc, encodeStateAsUpdate } from 'yjs';
import { Board } from '../../src/core/board';
import type { Bytes } from '../../src/core/bytes';
import { canonicalJson, docContent } from '../../src/core/canonical';
import { Chat } from '../../src/core/chat';
import type { Envelope } from '../../src/core/envelope';
import { BOARD, CHAT, MAIN_PAGE, type SessionId } from '../../src/core/ids';
import { SessionKey } from '../../src/core/keys';
import { Replica, type ReplicaEvent } from '../../src/core/replica';
import { Journal } from '../../src/net/journal';
import { Persistence } from '../../src/net/persist';
import { Recovery } from '../../src/net/recovery';
import { RoomStore } from '../../src/net/store';
import { MemoryDevice } from '../support/device';
import { member, NOW, ROOM, School, sessionOf } from '../support/school';

const USER = 'anna';
const points = [
  { x: 1, y: 2, pressure: 9, t: 0 },
  { x: 5, y: 2, pressure: 9, t: 9 },
];
const stroke = { page: MAIN_PAGE, points, kind: 'draw', colour: 'blue', size: 4, nowMs: NOW } as const;

let school: School;
let device: MemoryDevice;
let pages = 0;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  school = await School.open();
  device = new MemoryDevice();
});

/** A page of one user on one device, put together as LessonSession does, and killed by `die`. */
class Page {
  readonly sealed: Envelope[] = [];
  readonly events: ReplicaEvent[] = [];
  readonly board: Board;
  readonly chat: Chat;
  failed = 0;
  /** After so many envelopes nothing is stored any more. */
  stores = Number.POSITIVE_INFINITY;
  private dead = false;

  private constructor(
    readonly session: SessionId,
    readonly replica: Replica,
    readonly persistence: Persistence,
    readonly store: RoomStore,
    readonly recovery: Recovery,
  ) {
    this.board = new Board(replica.doc(BOARD));
    this.chat = new Chat(replica.doc(CHAT));
  }

  static async open(): Promise<Page> {
    pages += 1;
    const session = sessionOf(0x500 + pages);
    const key = await SessionKey.generate();
    const token = await school.issue(key, { session, client: 2000 + pages, user: USER });
    const store = await RoomStore.open(ROOM, USER);
    let page: Page | null = null;
    const replica: Replica = new Replica(ROOM, 2000 + pages, school.keys, {
      persist: async (envelope) => {
        page?.sealed.push(envelope);
        if (page?.dead) return new Promise(() => undefined);
        if (page && page.stores > 0) {
          page.stores -= 1;
          await persistence.own(envelope);
        }
      },
      authored: () => {},
      edited: (ref, update) => persistence.journal?.edited(ref, update, NOW + 7),
      numbered: (ref, parts) => persistence.journal?.numbered(ref, parts),
    });
    const persistence = new Persistence(store, replica, () => {});
    const recovery = new Recovery(device, store, USER, replica, {
      now: () => NOW,
      loadOthers: async () => void (await persistence.loadOthers(NOW)),
      recovered: (events) => page?.events.push(...events),
      failed: () => {
        if (page) page.failed += 1;
      },
    });
    page = new Page(session, replica, persistence, store, recovery);
    await persistence.load(NOW);
    recovery.look();
    const { ticket } = await replica.admitTicket(token, NOW);
    persistence.journal = await recovery.begin(ticket, key);
    replica.setOwn({ ticket, sign: key.sign });
    page.board.setAuthor(session);
    page.chat.setAuthor(session);
    return page;
  }

  /** Killed: what it did not hand to the browser is lost, its lock is free. */
  die(): void {
    this.dead = true;
    this.persistence.journal = null;
    device.memoryLocks.kill(`chalkmesh/${ROOM}/${USER}/${this.session}`);
  }

  get content(): string {
    return [BOARD, CHAT].map((ref) => canonicalJson(docContent(ref, this.replica.doc(ref)))).join();
  }

  get recovered(): Envelope[] {
    return this.events.flatMap((event) => (event.kind === 'applied' ? [event.envelope] : []));
  }

  /** What earlier pages left is done. */
  async settled(): Promise<void> {
    await vi.waitFor(async () => expect(await this.store.ownSessions()).toEqual([this.session]), { interval: 2 });
  }
}

const journalOf = (page: Page): Journal => new Journal(device.storage, ROOM, USER, page.session);

describe('a page that is killed', () => {
  test('in the task of the edit leaves it to the next one, under its own name', async () => {
    const one = await Page.open();
    one.board.addStroke(stroke);
    one.chat.post('hello', NOW);
    one.die();
    const two = await Page.open();
    await two.settled();
    expect(two.content).toBe(one.content);
    expect(two.recovered.map(({ session, seq, authoredMs }) => [session, seq, authoredMs])).toEqual([
      [one.session, 1, NOW + 7],
      [one.session, 1, NOW + 7],
    ]);
    expect(device.storage.length).toBe(0);
  });

  test('at any moment loses nothing and doubles nothing', async () => {
    const ways: ((page: Page) => void)[] = [
      (page) => page.board.addStroke(stroke),
      (page) => void page.replica.flushLocal(NOW + 9),
      (page) => page.board.addText({ page: MAIN_PAGE, x: 1, y: 1, text: '', colour: 'red', size: 18, nowMs: NOW }),
      (page) =>
        page.board.move(
          page.board.shapes(MAIN_PAGE).map(({ id }) => id),
          3,
          0,
        ),
      (page) => page.chat.post('one', NOW),
      (page) => void page.replica.flushLocal(NOW + 30),
      (page) => page.board.undo(),
      (page) => page.board.addStroke(stroke),
    ];
    for (const stores of [0, 1, 2, 99]) {
      vi.stubGlobal('indexedDB', new IDBFactory());
      let before: Page | null = null;
      for (let steps = 1; steps <= ways.length + 1; steps++) {
        const page = await Page.open();
        await page.settled();
        if (before !== null) expect(page.content).toBe(before.content);
        expect(page.failed).toBe(0);
        page.stores = stores;
        for (const way of ways.slice(0, steps)) way(page);
        // All but the first get as far as signing, and storing some of it.
        if (stores > 0) await page.replica.flushed();
        page.die();
        before = page;
      }
    }
  });

  test('after it sent what it could not store is met by the same bytes, not by another of that number E5', async () => {
    const one = await Page.open();
    one.stores = 1;
    for (let i = 0; i < 3; i++) {
      one.board.addStroke(stroke);
      one.board.addStroke({ ...stroke, colour: 'red' });
      await one.replica.flushLocal(NOW + i);
    }
    one.die();
    const two = await Page.open();
    await two.settled();
    expect(two.recovered.map(({ body }) => body)).toEqual(one.sealed.slice(1).map(({ body }) => body));
    const other = await member(school, 1);
    await other.replica.admitTicket(two.replica.tickets.get(one.session)?.token ?? '', NOW);
    const seen = [];
    for (const envelope of [...one.sealed, ...two.recovered]) {
      seen.push(...(await other.replica.receive(envelope, 'peer', NOW)).map(({ kind }) => kind));
    }
    expect(seen).toEqual(['applied', 'applied', 'applied', 'duplicate', 'duplicate']);
  });

  test('before it could take a stored line out of its journal leaves nothing double', async () => {
    const one = await Page.open();
    one.persistence.journal = null;
    one.board.addStroke(stroke);
    await one.replica.flushLocal(NOW);
    const [{ doc, seq, authoredMs, update }] = one.sealed as [Envelope];
    one.die();
    journalOf(one).numbered(doc, [{ doc, seq, authoredMs, update }]);
    const two = await Page.open();
    await two.settled();
    expect([two.recovered.length, two.content]).toEqual([0, one.content]);
    expect(device.storage.length).toBe(0);
  });

  test('is not robbed while it lives; of many that wait one finishes its work', async () => {
    const one = await Page.open();
    const others = [await Page.open(), await Page.open(), await Page.open()];
    one.board.addStroke(stroke);
    for (const page of others) {
      page.recovery.look();
      await page.recovery.looked();
    }
    expect(journalOf(one).all()).toHaveLength(1);
    one.die();
    await vi.waitFor(() => expect(device.storage.length).toBe(0));
    await vi.waitFor(() => expect(others.flatMap(({ recovered }) => recovered)).toHaveLength(1));
    const [envelope] = await (await RoomStore.open(ROOM, USER)).load().then(({ envelopes }) => envelopes);
    expect(envelope?.session).toBe(one.session);
  });

  test('and was opened later is found by a tab that was there before', async () => {
    const [one, later] = [await Page.open(), await Page.open()];
    later.board.addStroke(stroke);
    await later.replica.flushLocal(NOW);
    later.board.addStroke(stroke);
    later.die();
    one.recovery.look();
    await vi.waitFor(() => expect(one.content).toBe(later.content));
  });

  test('with an edit of what this device did not store has it wait for its base E7', async () => {
    const ben = await member(school, 1);
    const [onBen, one] = [new Board(ben.replica.doc(BOARD)), await Page.open()];
    onBen.setAuthor(ben.ticket.session);
    const ids = onBen.addStroke(stroke);
    const [base] = (await ben.flush()) as [Envelope];
    await one.replica.admitTicket(ben.token, NOW);
    await one.replica.receive(base, 'relay', NOW);
    one.board.move(ids, 5, 5);
    one.die();
    const two = await Page.open();
    await vi.waitFor(() => expect(two.events.map(({ kind }) => kind)).toEqual(['parked']));
    await two.settled();
    await two.replica.admitTicket(ben.token, NOW);
    await two.replica.receive(base, 'relay', NOW);
    expect(two.content).toBe(one.content);
  });
});

describe('the journal', () => {
  test('is empty when all is stored, and takes two writes a stroke', async () => {
    const one = await Page.open();
    one.board.addStroke(stroke);
    expect(device.storage.length).toBe(1);
    await one.replica.flushLocal(NOW);
    expect([device.storage.length, device.storage.writes]).toEqual([0, 2]);
    await one.recovery.end();
    expect(await one.store.ownSessions()).toEqual([]);
  });

  test('of which a line is missing waits for the relay to bring it, and keeps its key', async () => {
    const one = await Page.open();
    one.stores = 0;
    for (let i = 0; i < 2; i++) {
      one.board.addStroke(stroke);
      await one.replica.flushLocal(NOW);
    }
    one.die();
    journalOf(one).kept({ doc: BOARD, seq: 1 });
    const two = await Page.open();
    await two.recovery.looked();
    await vi.waitFor(() => expect(two.events).toEqual([]));
    expect(await two.store.ownSessions()).toContain(one.session);
    await two.replica.receive(one.sealed[0] as Envelope, 'relay', NOW);
    two.recovery.look();
    await two.settled();
    expect(two.content).toBe(one.content);
  });

  test('leaves out damaged lines, and those of a form that it does not know', async () => {
    const one = await Page.open();
    one.board.addStroke(stroke);
    const [[name, text] = ['', '']] = [...device.storage.values];
    one.die();
    device.storage.setItem(
      name,
      `${text}r 2 7 board AAAA!\nr 2 7 board Zm9v\nn x 7 board AAA\nrubbish\nn 1 7 nowhere AAA\n`,
    );
    expect(journalOf(one).all()).toHaveLength(1);
    device.storage.setItem(name, text.replace('1\n', '2\n'));
    expect(journalOf(one).isEmpty).toBe(true);
  });

  test('without its key is of no use to anybody and goes', async () => {
    device.storage.setItem(`chalkmesh.journal/${ROOM}/${USER}/${sessionOf(9)}`, '1\n');
    device.storage.setItem(`chalkmesh.journal/${ROOM}/other/${sessionOf(9)}`, '1\n');
    const one = await Page.open();
    await one.recovery.looked();
    expect([...device.storage.values.keys()]).toEqual([`chalkmesh.journal/${ROOM}/other/${sessionOf(9)}`]);
  });

  test('that finds no space says nothing old, and goes on when there is some', async () => {
    const one = await Page.open();
    one.stores = 0;
    one.board.addStroke(stroke);
    device.storage.quota = 10;
    one.board.addStroke(stroke);
    expect(device.storage.length).toBe(0);
    device.storage.quota = Number.POSITIVE_INFINITY;
    one.board.addStroke(stroke);
    expect(journalOf(one).all()).toHaveLength(3);
    await one.replica.flushLocal(NOW);
    one.persistence.acked([{ doc: BOARD, session: one.session, seq: 1 }]);
    expect(device.storage.length).toBe(0);
  });

  test('has a bound, and no gap below it', () => {
    const doc = new Doc();
    doc.getText('shapes').insert(0, 'x'.repeat(50_000));
    const update = encodeStateAsUpdate(doc) as Bytes;
    const journal = new Journal(device.storage, ROOM, USER, sessionOf(1));
    const part = (seq: number) => ({ doc: BOARD, seq, authoredMs: NOW, update });
    for (let seq = 1; seq <= 30; seq++) journal.numbered(BOARD, [part(seq)]);
    const written = () => new Journal(device.storage, ROOM, USER, sessionOf(1)).all().map(({ seq }) => seq);
    const first = written();
    expect(first).toEqual(first.map((_, index) => index + 1));
    expect([first.length > 10, first.length < 30]).toEqual([true, true]);
    for (const seq of first) journal.kept(part(seq));
    expect(written()[0]).toBe(first.length + 1);
    for (let seq = 1; seq <= 30; seq++) journal.kept(part(seq));
    expect(device.storage.length).toBe(0);
  });
});
