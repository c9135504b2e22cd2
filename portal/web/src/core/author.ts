/** Own work on its way out: checked, signed, kept, handed on, strictly in order (E4, E11). */
import type { Bytes } from './bytes';
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

export class Author {
  own: OwnSession | null = null;
  private readonly heads = new Map<DocText, { seq: number; hash: Bytes }>();
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly room: RoomId,
    private readonly persist: (envelope: Envelope) => Promise<void>,
    private readonly authored: (held: Held) => void,
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
    for (const part of splitUpdate(update, LIMITS.update_bytes, LIMITS.max_foreign_deletes)) {
      const scan = scanUpdate(part);
      checkUpdate(scan, doc, own.ticket, ledger);
      ledger.note(scan);
      this.waiting += 1;
      this.queue = this.queue.then(async () => {
        await this.seal(own, doc, part, nowMs);
        this.waiting -= 1;
      });
    }
  }

  private async seal(own: OwnSession, doc: DocRef, update: Bytes, nowMs: number): Promise<void> {
    const { seq, hash: prev } = this.heads.get(doc.text) ?? { seq: 0, hash: NO_HASH };
    const { session } = own.ticket;
    const fields = { doc, session, seq: seq + 1, prev, authoredMs: Math.round(nowMs), update };
    const envelope = await seal(this.room, fields, own.sign);
    const hash = await envelopeHash(this.room, envelope.body);
    this.heads.set(doc.text, { seq: seq + 1, hash });
    await this.persist(envelope);
    this.authored({ envelope, hash });
  }
}
