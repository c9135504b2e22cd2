/** Own work on its way out: checked, signed, kept, handed on, strictly in order (E4, E11). */
import { mergeUpdates } from 'yjs';
import { type Bytes, ownBytes } from './bytes';
import { type Envelope, envelopeHash, NO_HASH, seal } from './envelope';
import type { DocRef, DocText, RoomId } from './ids';
import type { Ledger } from './ledger';
import { LIMITS } from './limits';
import { checkUpdate } from './policy';
import type { Held } from './stream';
import type { Ticket } from './ticket';
import { splitUpdate } from './ysplit';
import { scanUpdate } from './yupdate';

export interface OwnSession {
  readonly ticket: Ticket;
  readonly sign: (text: Bytes) => Promise<Bytes>;
}

/** What one envelope will say; its `prev` follows from the one before. */
export type Part = Pick<Envelope, 'doc' | 'seq' | 'authoredMs' | 'update'>;

export interface AuthorHooks {
  /** All parts of one edit, before the first is signed. */
  readonly numbered: (doc: DocRef, parts: readonly Part[]) => void;
  readonly persist: (envelope: Envelope) => Promise<void>;
  readonly authored: (held: Held) => void;
}

/** Updates of one document, in their order, as one. At least one. */
export const mergeOwn = (updates: readonly Bytes[]): Bytes =>
  updates.length === 1 && updates[0] ? updates[0] : ownBytes(mergeUpdates([...updates]));

/** Cuts an own update into what envelopes `first`, `first + 1`, … will hold. Always the same for the same bytes. */
export const partsOf = (doc: DocRef, update: Uint8Array, first: number, authoredMs: number): Part[] =>
  splitUpdate(update, LIMITS.update_bytes, LIMITS.max_foreign_deletes).map((part, index) => {
    return { doc, seq: first + index, authoredMs: Math.round(authoredMs), update: part };
  });

export class Author {
  own: OwnSession | null = null;
  /** How many envelopes of each document were given a number. */
  private readonly given = new Map<DocText, number>();
  /** Of the last one signed. */
  private readonly hashes = new Map<DocText, Bytes>();
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly room: RoomId,
    private readonly hooks: AuthorHooks,
  ) {}

  get idle(): boolean {
    return this.waiting === 0;
  }

  flushed(): Promise<void> {
    return this.queue;
  }

  /** Raises UpdateRefused where others would refuse it: then nothing more can follow in this document. */
  write(doc: DocRef, update: Uint8Array, ledger: Ledger, nowMs: number): void {
    const { own } = this;
    if (own === null) throw new Error('edited without a session');
    const parts = partsOf(doc, update, (this.given.get(doc.text) ?? 0) + 1, nowMs);
    for (const part of parts) {
      const scan = scanUpdate(part.update);
      checkUpdate(scan, doc, own.ticket, ledger);
      ledger.note(scan);
      this.given.set(doc.text, part.seq);
      this.waiting += 1;
      this.queue = this.queue.then(async () => {
        await this.seal(own, part);
        this.waiting -= 1;
      });
    }
    this.hooks.numbered(doc, parts);
  }

  private async seal(own: OwnSession, part: Part): Promise<void> {
    const prev = this.hashes.get(part.doc.text) ?? NO_HASH;
    const envelope = await seal(this.room, { ...part, session: own.ticket.session, prev }, own.sign);
    const hash = await envelopeHash(this.room, envelope.body);
    this.hashes.set(part.doc.text, hash);
    await this.hooks.persist(envelope);
    this.hooks.authored({ envelope, hash });
  }
}
