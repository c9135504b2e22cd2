/** Read-only facts for the support form and for end-to-end tests: ids, numbers, hashes; content only on request. */
import { formatHex } from '../core/bytes';
import { canonicalJson, docContent } from '../core/canonical';
import type { Replica } from '../core/replica';
import type { LinkState } from './link';
import type { Mesh } from './mesh';
import type { Participant } from './people';
import type { SessionSocket } from './socket';

export interface StreamFacts {
  readonly seq: number;
  readonly acked: number;
  readonly relay: number;
  readonly hash: string;
}

export interface Diagnostics {
  /** By `<session>/<document>`. */
  readonly heads: () => Record<string, StreamFacts>;
  readonly unacked: () => number;
  readonly parked: () => number;
  readonly clocks: () => { readonly deviceMs: number; readonly offsetMs: number };
  readonly relay: () => { readonly state: string; readonly rttMs: number | null };
  readonly links: () => Record<string, { state: LinkState; rttMs: number | null; epoch: number }>;
  readonly participants: () => { session: string; role: string; agent: string }[];
  readonly shapeCount: () => number;
  /** Canonical JSON of all documents: equal text, equal content. */
  readonly boardContent: () => string;
}

export function diagnose(
  replica: Replica,
  socket: SessionSocket,
  mesh: () => Mesh | null,
  participants: () => readonly Participant[],
  unacked: () => number,
): Diagnostics {
  return {
    heads: () =>
      Object.fromEntries(
        [...replica.streams].map(([key, { seq, acked, relaySeq: relay, hash }]) => [
          key,
          { seq, acked, relay, hash: formatHex(hash) },
        ]),
      ),
    unacked,
    parked: () => replica.parked,
    clocks: () => ({ deviceMs: Date.now(), offsetMs: socket.offsetMs }),
    relay: () => ({ state: socket.state, rttMs: socket.rttMs }),
    links: () =>
      Object.fromEntries(
        (mesh()?.sessions() ?? []).flatMap((session) => {
          const state = mesh()?.state(session);
          return state ? [[session, state]] : [];
        }),
      ),
    participants: () => participants().map(({ session, role, agent }) => ({ session, role, agent })),
    shapeCount: () => replica.docs().reduce((sum, ref) => sum + replica.doc(ref).getMap('shapes').size, 0),
    boardContent: () => {
      const documents = replica.docs().map((ref) => [ref.text, docContent(ref, replica.doc(ref))] as const);
      return canonicalJson(Object.fromEntries(documents.filter(([, content]) => Object.keys(content).length > 0)));
    },
  };
}
