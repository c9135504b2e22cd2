/**
 * Work of pages that ended before they could seal it.
 *
 * A page keeps its key (which nobody can read, only use), its ticket and a journal on this device, and holds a lock
 * for as long as it lives. Whoever of the same user gets that lock knows that the page is gone, and finishes its work
 * in its name: the same numbers, the same bytes, so that an envelope that did get out is met by its equal and never by
 * another of its number (E5). Several tabs wait in the lock's queue; the first one leaves nothing to the others.
 */
import { type Envelope, envelopeHash, seal } from '../core/envelope';
import type { DocRef, DocText, SessionId } from '../core/ids';
import { type SessionKey, signWith } from '../core/keys';
import { end } from '../core/ledger';
import { mergeOwn, partsOf, type Replica, type ReplicaEvent } from '../core/replica';
import type { Ticket } from '../core/ticket';
import { scanUpdate } from '../core/yupdate';
import { Journal, type JournalStorage, journalPrefix } from './journal';
import type { RoomStore } from './store';

/** What the browser gives a page besides IndexedDB. */
export interface Device {
  readonly storage: JournalStorage;
  readonly locks: Pick<LockManager, 'request'>;
}

/** null where storage is blocked (policy, private mode) or the browser has no locks: then there is no journal. */
function deviceOfPage(): Device | null {
  try {
    const storage = globalThis.localStorage as Storage | undefined;
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    return storage === undefined || locks === undefined ? null : { storage, locks };
  } catch {
    return null;
  }
}

export interface RecoveryHooks {
  readonly now: () => number;
  /** Brings what other pages stored meanwhile into the replica. */
  readonly loadOthers: () => Promise<void>;
  /** Sealed and kept: on to whoever lacks it. */
  readonly recovered: (events: readonly ReplicaEvent[]) => void;
  readonly failed: () => void;
}

/** How far a stream of an earlier session is here. */
interface Reached {
  readonly seq: number;
  readonly hash: Envelope['prev'];
  /** Of its client in that document. */
  readonly clocks: number;
}

export class Recovery {
  private own: SessionId | null = null;
  private journal: Journal | null = null;
  private release: (() => void) | null = null;
  private readonly waiting = new Set<SessionId>();
  private looking: Promise<void> = Promise.resolve();
  private readonly stop = new AbortController();
  private readonly prefix: string;

  constructor(
    private readonly device: Device,
    private readonly store: RoomStore,
    private readonly user: string,
    private readonly replica: Replica,
    private readonly hooks: RecoveryHooks,
  ) {
    this.prefix = journalPrefix(replica.room, user);
    // Another tab writes: one that was opened after this one, or one whose last words come after its lock.
    const { signal } = this.stop;
    globalThis.addEventListener?.('storage', (event) => this.heard(event.key), { signal });
  }

  /** null where this device keeps nothing, or no journal. */
  static ofPage(store: RoomStore | null, user: string, replica: Replica, hooks: RecoveryHooks): Recovery | null {
    const device = deviceOfPage();
    return store === null || device === null ? null : new Recovery(device, store, user, replica, hooks);
  }

  private heard(key: string | null): void {
    if (key?.startsWith(this.prefix) && !this.waiting.has(key.slice(this.prefix.length) as SessionId)) this.look();
  }

  private lockName(session: SessionId): string {
    return `chalkmesh/${this.replica.room}/${this.user}/${session}`;
  }

  private journalOf(session: SessionId): Journal {
    return new Journal(this.device.storage, this.replica.room, this.user, session);
  }

  /**
   * A journal for our own session, before it edits anything: work whose key is not on this device is lost with its
   * page. null where the device refuses: what is drawn is then safe once it is sealed and stored.
   */
  async begin({ session, token }: Ticket, key: SessionKey): Promise<Journal | null> {
    this.own = session;
    try {
      await this.store.putOwn(session, token, key.privateKey);
      await this.live(session);
      this.journal = this.journalOf(session);
    } catch {
      this.hooks.failed();
    }
    return this.journal;
  }

  /** Holds our lock from now on. */
  private live(session: SessionId): Promise<void> {
    const holding = new Promise<void>((release) => {
      this.release = release;
    });
    return new Promise((held, refused) => {
      const granted = (): Promise<void> => {
        held();
        return holding;
      };
      this.device.locks.request(this.lockName(session), granted).catch(refused);
    });
  }

  /** Finishes the work of sessions whose pages are gone, now; of those that live, when they are gone. */
  look(): void {
    this.looking = this.looking.then(() => this.find()).catch(() => this.hooks.failed());
  }

  /** Resolves when all that `look` found at once is done or waits for a living page. */
  looked(): Promise<void> {
    return this.looking;
  }

  private async find(): Promise<void> {
    // In this order: a page stores its key before it writes its first line.
    const journals = this.journals();
    const sessions = await this.store.ownSessions();
    for (const session of journals) {
      if (!sessions.includes(session)) this.device.storage.removeItem(this.prefix + session);
    }
    for (const session of sessions) if (session !== this.own && !this.waiting.has(session)) void this.wait(session);
  }

  private journals(): SessionId[] {
    const { storage } = this.device;
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
    return keys.flatMap((key) => (key.startsWith(this.prefix) ? [key.slice(this.prefix.length) as SessionId] : []));
  }

  private async wait(session: SessionId): Promise<void> {
    const { signal } = this.stop;
    this.waiting.add(session);
    try {
      await this.device.locks.request(this.lockName(session), { signal }, () => this.recover(session));
    } catch {
      if (!signal.aborted) this.hooks.failed();
    } finally {
      this.waiting.delete(session);
    }
  }

  private async recover(session: SessionId): Promise<void> {
    const journal = this.journalOf(session);
    if (!journal.isEmpty) await this.finish(session, journal);
    if (journal.isEmpty) await this.store.dropOwn(session);
  }

  private async finish(session: SessionId, journal: Journal): Promise<void> {
    const key = await this.store.ownKey(session);
    // A page that came after this one: its ticket and what it did seal are in the store alone.
    await this.hooks.loadOthers();
    const ticket = this.replica.tickets.get(session);
    if (key === null || ticket === undefined) return;
    number(journal);
    const heads = new Map<DocText, Reached>();
    for (const part of journal.all()) {
      const { doc } = part;
      const reached = heads.get(doc.text) ?? this.reached(doc, ticket);
      if (part.seq > reached.seq) {
        const ranges = scanUpdate(part.update).structs.get(ticket.client);
        // What came before it is not here: the relay may bring it, and then we look again.
        if (part.seq !== reached.seq + 1 || (ranges?.[0]?.[0] ?? reached.clocks) !== reached.clocks) continue;
        const envelope = await seal(this.replica.room, { ...part, session, prev: reached.hash }, signWith(key));
        const hash = await envelopeHash(this.replica.room, envelope.body);
        heads.set(doc.text, { seq: part.seq, hash, clocks: Math.max(reached.clocks, end(ranges)) });
        await this.take(envelope);
      }
      journal.kept(part);
    }
  }

  private reached(doc: DocRef, { session, client }: Ticket): Reached {
    const { seq, hash } = this.replica.stream(doc, session);
    return { seq, hash, clocks: this.replica.heldClocks(doc, client) };
  }

  /** Into the replica, this device's store, and to the others; one that lacks its base as yet waits in the store. */
  private async take(envelope: Envelope): Promise<void> {
    const events = await this.replica.receive(envelope, 'store', this.hooks.now());
    const isRefused = events.some((event) => event.kind === 'refused' && event.envelope === envelope);
    if (!isRefused) await this.store.putEnvelopes([envelope]);
    this.hooks.recovered(events);
  }

  /** The page ends as pages should. What is sealed and kept needs no key any more. */
  async end(): Promise<void> {
    this.stop.abort();
    await this.looking;
    if (this.own !== null && this.journal?.isEmpty) await this.store.dropOwn(this.own).catch(() => undefined);
    this.release?.();
  }

  /** Deletes the journals of this room and user. */
  clear(): void {
    for (const session of this.journals()) this.device.storage.removeItem(this.prefix + session);
  }
}

/** What its page had not merged yet becomes parts, as the page itself would have made them. */
function number(journal: Journal): void {
  const raws = journal.all().filter(({ raw }) => raw);
  for (const { doc, seq } of new Map(raws.map((line) => [line.doc.text, line])).values()) {
    const lines = raws.filter((line) => line.doc.text === doc.text);
    const update = mergeOwn(lines.map((line) => line.update));
    journal.numbered(doc, partsOf(doc, update, seq, Math.max(...lines.map(({ authoredMs }) => authoredMs))));
  }
}
