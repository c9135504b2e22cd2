/** What LessonSession takes, tells and shows. */
import type { Capability, SessionId } from '../core/ids';
import type { Presence } from '../core/presence';
import type { AlertState } from './alerts';
import type { Route } from './health';
import type { Cause, VideoQuality } from './ladder';
import type { LinkState } from './link';
import type { MediaKind } from './media';
import type { Participant, Person } from './people';
import type { Portal } from './portal';
import type { SaveState } from './save';
import type { RelayState, SocketLike } from './socket';

// What a page of the lesson names too.
export type { AlertState } from './alerts';
export type { Diagnostics } from './diagnostics';
export type { LivePeer, LiveStroke } from './live';
export type { LocalMedia } from './media';
export type { Participant, Person } from './people';
export type { LessonInfo, Portal } from './portal';
export type { SaveState } from './save';

export interface LessonOptions {
  readonly lesson: string;
  readonly csrf?: string;
  /** Origin of the portal; empty: this page's. */
  readonly base?: string;
  // Transports, for tests.
  readonly portal?: Portal;
  readonly connect?: (url: string) => SocketLike;
  readonly createPeer?: (config: RTCConfiguration) => RTCPeerConnection;
}

export interface Me extends Person {
  readonly caps: ReadonlySet<Capability>;
}

export interface PeerConnection {
  readonly session: SessionId;
  /** The best way there is now. */
  readonly path: 'mesh' | 'relay' | 'none';
  readonly rttMs: number | null;
  readonly state: LinkState;
  /** Of a direct link: straight, or through the TURN server. */
  readonly route?: Route;
}

export interface Connection {
  readonly relay: RelayState;
  readonly relayRttMs: number | null;
  readonly peers: readonly PeerConnection[];
  /** How our own picture goes to whoever gets least of it; absent while none is sent. */
  readonly video?: VideoQuality;
  /** Why it is less than whole; absent while it is whole. */
  readonly videoCause?: Cause;
}

export interface Cuts {
  readonly relay: boolean;
  readonly mesh: boolean;
}

export interface SessionEvents {
  participants: readonly Participant[];
  presence: { readonly session: SessionId; readonly presence: Presence };
  live: { readonly session: SessionId };
  save: SaveState;
  connection: Connection;
  media: { readonly session: SessionId; readonly kind: MediaKind; readonly track: MediaStreamTrack | null };
  /** The relay refused work (REFUSED), or somebody's envelope broke a rule. */
  refused: { readonly session: SessionId; readonly code: number; readonly reason: string };
  equivocation: { readonly session: SessionId };
  /** The relay has sent what this page lacked. */
  synced: object;
  room: 'open' | 'closed';
  /** The socket will not come back by itself: a 44xx, or the portal said no (HTTP status). */
  stopped: { readonly code: number; readonly reason: string };
  me: Me | null;
  /** This document differs from the relay's; its copy here is deleted, the page should be loaded again. */
  rebuild: { readonly doc: string };
  /** This page's own crisis alert. */
  alert: AlertState;
  /** This device does not keep changes (private mode, no space). Told at once to who asks after it happened. */
  storage: { readonly failed: boolean };
}
