/**
 * This device's copy of a room: one IndexedDB database for each room and user, shared by all of that user's tabs.
 *
 * Keys are what the things are, so two tabs that store the same envelope store it once.
 */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import type { Bytes } from '../core/bytes';
import { decodeEnvelope, type Envelope } from '../core/envelope';
import { type DocRef, parseDocRef, type SessionId } from '../core/ids';
import type { Head, StreamSeq } from '../core/messages';

export interface StoredSnapshot {
  readonly doc: DocRef;
  readonly update: Bytes;
  readonly heads: readonly Head[];
}

export interface StoredStream extends StreamSeq {
  /** Nothing from here on is sent any more: the relay refused it. */
  readonly refusedFrom: number | null;
}

export interface StoredRoom {
  readonly tickets: readonly string[];
  readonly snapshots: readonly StoredSnapshot[];
  /** In the order in which they were stored. */
  readonly envelopes: readonly Envelope[];
  readonly streams: readonly StoredStream[];
}

interface EnvelopeRow {
  readonly doc: string;
  readonly session: string;
  readonly seq: number;
  readonly at: number;
  readonly raw: Bytes;
}

interface StreamRow {
  readonly doc: string;
  readonly session: string;
  readonly acked: number;
  readonly refusedFrom: number | null;
}

interface SnapshotRow {
  readonly doc: string;
  readonly update: Bytes;
  readonly heads: readonly { readonly session: string; readonly seq: number; readonly hash: Bytes }[];
}

interface Schema extends DBSchema {
  tickets: { key: string; value: { session: string; token: string } };
  /** Of sessions of this device whose last edits may not be sealed yet (net/recovery.ts). */
  keys: { key: string; value: { session: string; key: CryptoKey } };
  envelopes: { key: [string, string, number]; value: EnvelopeRow; indexes: { at: number } };
  snapshots: { key: string; value: SnapshotRow };
  streams: { key: [string, string]; value: StreamRow };
}

export class RoomStore {
  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly name: string,
  ) {}

  private lastAt = 0;

  static async open(room: string, user: string): Promise<RoomStore> {
    const name = `chalkmesh/${room}/${user}`;
    const db = await openDB<Schema>(name, 2, {
      upgrade(fresh, oldVersion) {
        fresh.createObjectStore('keys', { keyPath: 'session' });
        if (oldVersion >= 1) return;
        fresh.createObjectStore('tickets', { keyPath: 'session' });
        fresh.createObjectStore('envelopes', { keyPath: ['doc', 'session', 'seq'] }).createIndex('at', 'at');
        fresh.createObjectStore('snapshots', { keyPath: 'doc' });
        fresh.createObjectStore('streams', { keyPath: ['doc', 'session'] });
      },
      // Another tab forgets the room or is newer: do not stand in its way.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new RoomStore(db, name);
  }

  async load(): Promise<StoredRoom> {
    const tx = this.db.transaction(['tickets', 'envelopes', 'snapshots', 'streams']);
    const [tickets, rows, snapshots, streams] = await Promise.all([
      tx.objectStore('tickets').getAll(),
      tx.objectStore('envelopes').index('at').getAll(),
      tx.objectStore('snapshots').getAll(),
      tx.objectStore('streams').getAll(),
    ]);
    await tx.done;
    return {
      tickets: tickets.map(({ token }) => token),
      envelopes: rows.map(({ raw }) => decodeEnvelope(raw)),
      snapshots: snapshots.map(({ doc, update, heads }) => {
        const ref = parseDocRef(doc);
        return {
          doc: ref,
          update,
          heads: heads.map((head) => ({ ...head, doc: ref, session: head.session as SessionId })),
        };
      }),
      streams: streams.map(({ doc, session, acked, refusedFrom }) => ({
        doc: parseDocRef(doc),
        session: session as SessionId,
        seq: acked,
        refusedFrom,
      })),
    };
  }

  async putTicket(session: SessionId, token: string): Promise<void> {
    await this.db.put('tickets', { session, token });
  }

  /** Our own session, so that a later page can seal what this one does not come to. Both or neither. */
  async putOwn(session: SessionId, token: string, key: CryptoKey): Promise<void> {
    const tx = this.db.transaction(['tickets', 'keys'], 'readwrite');
    await tx.objectStore('tickets').put({ session, token });
    await tx.objectStore('keys').put({ session, key });
    await tx.done;
  }

  async ownSessions(): Promise<readonly SessionId[]> {
    return (await this.db.getAllKeys('keys')) as SessionId[];
  }

  async ownKey(session: SessionId): Promise<CryptoKey | null> {
    return (await this.db.get('keys', session))?.key ?? null;
  }

  async dropOwn(session: SessionId): Promise<void> {
    await this.db.delete('keys', session);
  }

  /** Kept in the order of the calls, whatever the clock does. */
  async putEnvelopes(envelopes: readonly Envelope[]): Promise<void> {
    const tx = this.db.transaction('envelopes', 'readwrite');
    for (const { doc, session, seq, raw } of envelopes) {
      this.lastAt = Math.max(Date.now(), this.lastAt + 1 / 1024);
      // A tab that has it already must not move it behind what was built on it.
      if ((await tx.store.getKey([doc.text, session, seq])) !== undefined) continue;
      await tx.store.add({ doc: doc.text, session, seq, at: this.lastAt, raw: raw.slice() });
    }
    await tx.done;
  }

  async putAcks(entries: readonly StreamSeq[]): Promise<void> {
    await this.changeStreams(entries, (row, { seq }) => ({ ...row, acked: Math.max(row.acked, seq) }));
  }

  async putRefused(entry: StreamSeq): Promise<void> {
    await this.changeStreams([entry], (row, { seq }) => ({
      ...row,
      refusedFrom: Math.min(row.refusedFrom ?? seq, seq),
    }));
  }

  private async changeStreams(
    entries: readonly StreamSeq[],
    change: (row: StreamRow, entry: StreamSeq) => StreamRow,
  ): Promise<void> {
    const tx = this.db.transaction('streams', 'readwrite');
    for (const entry of entries) {
      const key: [string, string] = [entry.doc.text, entry.session];
      const row = (await tx.store.get(key)) ?? { doc: key[0], session: key[1], acked: 0, refusedFrom: null };
      await tx.store.put(change(row, entry));
    }
    await tx.done;
  }

  /** Of `session`'s envelopes in `doc`, which numbers are here: for what other tabs wrote. */
  async keys(): Promise<readonly (readonly [string, string, number])[]> {
    return this.db.getAllKeys('envelopes');
  }

  async envelope(key: readonly [string, string, number]): Promise<Envelope | null> {
    const row = await this.db.get('envelopes', [...key]);
    return row === undefined ? null : decodeEnvelope(row.raw);
  }

  async tickets(): Promise<readonly string[]> {
    return (await this.db.getAll('tickets')).map(({ token }) => token);
  }

  /**
   * Replaces a document's acknowledged envelopes by one state. What the relay does not hold durably stays an
   * envelope, since only signed envelopes can be sent. All or nothing.
   */
  async compact(snapshot: StoredSnapshot, acked: readonly StreamSeq[]): Promise<number> {
    const tx = this.db.transaction(['envelopes', 'snapshots'], 'readwrite');
    const { doc, update, heads } = snapshot;
    const row = { doc: doc.text, update, heads: heads.map(({ session, seq, hash }) => ({ session, seq, hash })) };
    await tx.objectStore('snapshots').put(row);
    const envelopes = tx.objectStore('envelopes');
    let removed = 0;
    for (const { session, seq } of acked) {
      const head = heads.find((entry) => entry.session === session);
      const last = Math.min(seq, head?.seq ?? 0);
      if (last < 1) continue;
      const range = IDBKeyRange.bound([doc.text, session, 1], [doc.text, session, last]);
      removed += await envelopes.count(range);
      await envelopes.delete(range);
    }
    await tx.done;
    return removed;
  }

  /** B3: a document that differs from the relay's is fetched anew. */
  async dropDocument(doc: DocRef): Promise<void> {
    const tx = this.db.transaction(['envelopes', 'snapshots'], 'readwrite');
    await tx.objectStore('snapshots').delete(doc.text);
    await tx.objectStore('envelopes').delete(IDBKeyRange.bound([doc.text], [doc.text, []]));
    await tx.done;
  }

  /** Whether the relay has answered for all that is here: it holds it, or will not take it. */
  async isSaved(): Promise<boolean> {
    const tx = this.db.transaction(['envelopes', 'streams']);
    const [keys, rows] = await Promise.all([
      tx.objectStore('envelopes').getAllKeys(),
      tx.objectStore('streams').getAll(),
    ]);
    await tx.done;
    const streams = new Map(rows.map((row) => [`${row.doc} ${row.session}`, row]));
    return keys.every(([doc, session, seq]) => {
      const row = streams.get(`${doc} ${session}`);
      return row !== undefined && (seq <= row.acked || seq >= (row.refusedFrom ?? Number.POSITIVE_INFINITY));
    });
  }

  close(): void {
    this.db.close();
  }

  /** Deletes this device's copy. */
  async clear(): Promise<void> {
    this.db.close();
    await deleteDB(this.name);
  }
}

interface IndexSchema extends DBSchema {
  lessons: { key: string; value: { lesson: string; info: unknown; jwks: unknown } };
}

/** Which room and user a lesson was on this device, for a start while the portal does not answer. */
export class LessonIndex {
  private constructor(private readonly db: IDBPDatabase<IndexSchema>) {}

  static async open(): Promise<LessonIndex> {
    return new LessonIndex(
      await openDB<IndexSchema>('chalkmesh', 1, {
        upgrade: (fresh) => void fresh.createObjectStore('lessons', { keyPath: 'lesson' }),
      }),
    );
  }

  async get(lesson: string): Promise<{ info: unknown; jwks: unknown } | null> {
    return (await this.db.get('lessons', lesson)) ?? null;
  }

  async put(lesson: string, info: unknown, jwks: unknown): Promise<void> {
    await this.db.put('lessons', { lesson, info, jwks });
  }

  async remove(lesson: string): Promise<void> {
    await this.db.delete('lessons', lesson);
  }

  async lessons(): Promise<readonly { lesson: string; info: unknown }[]> {
    return this.db.getAll('lessons');
  }

  close(): void {
    this.db.close();
  }
}
