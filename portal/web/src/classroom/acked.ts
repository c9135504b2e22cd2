/** Own and acknowledged sequence numbers out of a session's diagnostics. Pure. */

import type { Diagnostics, StreamFacts } from '../net/diagnostics';

export interface AckRow {
  readonly doc: string;
  /** The newest sequence number of this page in that document. */
  readonly own: number;
  /** Up to where the relay holds it durably. */
  readonly acked: number;
}

/** One row a document that this session wrote. */
export function ackRows(heads: ReturnType<Diagnostics['heads']>, session: string | null): AckRow[] {
  const prefix = `${session ?? ''}/`;
  return Object.entries<Pick<StreamFacts, 'seq' | 'acked'>>(heads)
    .filter(([stream]) => session !== null && stream.startsWith(prefix))
    .map(([stream, { seq, acked }]) => ({ doc: stream.slice(prefix.length), own: seq, acked }));
}
