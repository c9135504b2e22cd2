/** JSON control objects of the session socket (protocol.md section S), checked in shape on arrival. */
import { malformed, oversized } from '../core/errors';
import { asSessionId, type SessionId } from '../core/ids';
import { LIMITS } from '../core/limits';

export type Agent = 'browser' | 'python';

/** M3. */
export type SignalData =
  | {
      readonly epoch: number;
      readonly kind: 'offer' | 'answer';
      readonly sdp: string;
      readonly mids: Readonly<Record<string, 'audio' | 'video'>>;
      readonly fp: string;
    }
  | {
      readonly epoch: number;
      readonly kind: 'candidate';
      readonly candidate: string;
      readonly mid: string | null;
      readonly line: number | null;
    }
  | { readonly epoch: number; readonly kind: 'hello' };

export interface PresentEntry {
  readonly ticket: string;
  readonly agent: Agent;
  readonly joinedMs: number;
  readonly presence: unknown;
}

export type RelayControl =
  | { readonly t: 'challenge'; readonly nonce: string }
  | {
      readonly t: 'welcome';
      readonly nowMs: number;
      readonly roomMs: number;
      readonly participants: readonly PresentEntry[];
      readonly sessions: readonly string[];
      /** Tokens (T5). */
      readonly revocations: readonly string[];
      /** Whom the relay itself has put out (E5). */
      readonly frozen: readonly SessionId[];
      readonly assets: { readonly token: string } | null;
    }
  | ({ readonly t: 'joined' } & PresentEntry)
  | { readonly t: 'left'; readonly session: SessionId; readonly reason: string }
  | { readonly t: 'signal'; readonly from: SessionId; readonly data: SignalData }
  | { readonly t: 'renewed'; readonly expiresMs: number; readonly assets: { readonly token: string } | null }
  | { readonly t: 'revoked'; readonly token: string }
  | { readonly t: 'frozen'; readonly sessions: readonly SessionId[] }
  | { readonly t: 'room'; readonly state: 'open' | 'closed' }
  | { readonly t: 'equivocation'; readonly session: SessionId }
  /** Of a later version of the protocol: passed over. */
  | { readonly t: 'unknown' };

type Json = Record<string, unknown>;

const object = (value: unknown): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('control object');
  return value as Json;
};
const text = (value: unknown): string => {
  if (typeof value !== 'string') throw malformed('control text');
  return value;
};
const number = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed('control number');
  return value;
};
const list = <T>(value: unknown, read: (item: unknown) => T): T[] => {
  if (!Array.isArray(value)) throw malformed('control list');
  return value.map(read);
};
const session = (value: unknown): SessionId => asSessionId(text(value));
const agent = (value: unknown): Agent => (value === 'python' ? 'python' : 'browser');

function present(value: unknown): PresentEntry {
  const { ticket, agent: kind, joined_ms, presence } = object(value);
  return { ticket: text(ticket), agent: agent(kind), joinedMs: number(joined_ms), presence: presence ?? null };
}

function readSignal(value: unknown): SignalData {
  const { epoch: rawEpoch, kind, sdp, mids, fp, candidate, mid, line } = object(value);
  const epoch = number(rawEpoch);
  switch (kind) {
    case 'offer':
    case 'answer': {
      const kinds: Record<string, 'audio' | 'video'> = {};
      for (const [name, media] of Object.entries(object(mids ?? {}))) {
        if (media === 'audio' || media === 'video') kinds[name] = media;
      }
      return { epoch, kind, sdp: text(sdp), mids: kinds, fp: text(fp) };
    }
    case 'candidate':
      return {
        epoch,
        kind,
        candidate: text(candidate),
        mid: typeof mid === 'string' ? mid : null,
        line: typeof line === 'number' ? line : null,
      };
    case 'hello':
      return { epoch, kind };
    default:
      throw malformed('kind of signal');
  }
}

/** A9; a relay that keeps no pictures gives none. */
const assetGrant = (value: unknown): { readonly token: string } | null =>
  value === undefined || value === null ? null : { token: text(object(value).token) };

/** Raises ProtocolError. */
export function decodeRelayControl(data: string): RelayControl {
  // The relay's welcome carries a ticket for each session of the room, so it alone may be longer than a client's text.
  if (data.length > LIMITS.snapshot_bytes) throw oversized('text message');
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    throw malformed('not JSON');
  }
  const json = object(parsed);
  switch (json.t) {
    case 'challenge':
      return { t: 'challenge', nonce: text(json.nonce) };
    case 'welcome':
      return {
        t: 'welcome',
        nowMs: number(json.now_ms),
        roomMs: number(json.room_ms),
        participants: list(json.participants, present),
        sessions: list(json.sessions, text),
        revocations: list(json.revocations ?? [], text),
        frozen: list(json.frozen ?? [], session),
        assets: assetGrant(json.assets),
      };
    case 'joined':
      return { t: 'joined', ...present(json) };
    case 'left':
      return { t: 'left', session: session(json.session), reason: text(json.reason) };
    case 'signal':
      return { t: 'signal', from: session(json.from), data: readSignal(json.data) };
    case 'renewed':
      return { t: 'renewed', expiresMs: number(json.expires_ms), assets: assetGrant(json.assets) };
    case 'revoked':
      return { t: 'revoked', token: text(json.token) };
    case 'frozen':
      return { t: 'frozen', sessions: list(json.sessions, session) };
    case 'room':
      return { t: 'room', state: json.state === 'closed' ? 'closed' : 'open' };
    case 'equivocation':
      return { t: 'equivocation', session: session(json.session) };
    default:
      return { t: 'unknown' };
  }
}
