/** What one replica sends another that lacks envelopes (B2), and where two differ (B3). */
import { sameBytes } from './bytes';
import type { Envelope } from './envelope';
import type { DocRef, DocText, SessionId } from './ids';
import type { Head } from './messages';
import { streamKey } from './park';
import type { Stream } from './stream';
import type { Ticket } from './ticket';

export interface Missing {
  /** Of the sessions whose envelopes follow. */
  readonly tickets: readonly string[];
  readonly envelopes: readonly Envelope[];
  /** There was more than fitted. */
  readonly more: boolean;
}

interface Holder {
  readonly streams: ReadonlyMap<string, Stream>;
  readonly log: readonly Envelope[];
  readonly tickets: ReadonlyMap<SessionId, Ticket>;
}

/** What somebody with these heads lacks and the holder has: oldest first, without holes, at least one. */
export function missingFor(
  holder: Holder,
  theirs: readonly Head[],
  readable: (doc: DocRef) => boolean,
  maxBytes: number,
): Missing {
  const next = new Map<string, number>(theirs.map((head) => [streamKey(head), head.seq + 1]));
  const behind = new Set<string>();
  for (const stream of holder.streams.values()) {
    const key = streamKey(stream);
    if (stream.seq >= (next.get(key) ?? 1) && readable(stream.doc)) behind.add(key);
  }
  const envelopes: Envelope[] = [];
  const tickets = new Set<string>();
  let bytes = 0;
  for (const envelope of behind.size === 0 ? [] : holder.log) {
    const key = streamKey(envelope);
    if (!behind.has(key) || envelope.seq !== (next.get(key) ?? 1)) continue;
    if (envelope.seq >= (holder.streams.get(key)?.refusedFrom ?? 0)) continue;
    bytes += envelope.raw.length;
    if (bytes > maxBytes && envelopes.length > 0) return { tickets: [...tickets], envelopes, more: true };
    next.set(key, envelope.seq + 1);
    envelopes.push(envelope);
    const ticket = holder.tickets.get(envelope.session);
    if (ticket !== undefined) tickets.add(ticket.token);
  }
  return { tickets: [...tickets], envelopes, more: false };
}

/** Documents of which both sides hold the same number with another content. */
export function mismatches(streams: ReadonlyMap<string, Stream>, theirs: readonly Head[]): DocRef[] {
  const docs = new Map<DocText, DocRef>();
  for (const { doc, session, seq, hash } of theirs) {
    const stream = streams.get(streamKey({ doc, session }));
    const ours = stream?.seq === seq ? stream.hash : stream?.held.get(seq)?.hash;
    if (ours !== undefined && !sameBytes(ours, hash)) docs.set(doc.text, doc);
  }
  return [...docs.values()];
}
