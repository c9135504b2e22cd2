/** One session's envelopes in one document (D3): how far they are held, and which wait for others. */
import type { Bytes } from './bytes';
import { type Envelope, NO_HASH } from './envelope';
import type { DocRef, SessionId } from './ids';
import type { Head } from './messages';

export interface Held {
  readonly envelope: Envelope;
  readonly hash: Bytes;
  /** It came from the relay, which alone hands on work of sessions that it froze, or that are held. */
  readonly relay?: boolean;
  /** It came out of our own store. */
  readonly store?: boolean;
}

export class Stream {
  /** Everything up to `seq` is in the document; 0: nothing. */
  seq = 0;
  hash: Bytes = NO_HASH;
  /** By seq. What came inside a snapshot is not here. */
  readonly held = new Map<number, Held>();
  /** Durable on the relay up to here (B1). */
  acked = 0;
  /** The relay said that it holds up to here: not yet a promise. */
  relaySeq = 0;
  /** Nothing from here on is taken: it broke a rule, at us or at the relay. */
  refusedFrom = Number.POSITIVE_INFINITY;

  constructor(
    readonly doc: DocRef,
    readonly session: SessionId,
  ) {}

  get head(): Head {
    return { doc: this.doc, session: this.session, seq: this.seq, hash: this.hash };
  }

  take(held: Held): void {
    this.held.set(held.envelope.seq, held);
    this.seq = held.envelope.seq;
    this.hash = held.hash;
  }

  /** How many envelopes are kept here and not durable on the relay. */
  get unackedCount(): number {
    const last = Math.min(this.seq, this.refusedFrom - 1);
    let count = 0;
    for (let seq = this.acked + 1; seq <= last; seq++) if (this.held.has(seq)) count += 1;
    return count;
  }
}
