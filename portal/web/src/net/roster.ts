/** Who counts as here: whom the relay names, and whom a link still hears when the relay does not. */
import type { SessionId } from '../core/ids';
import { decodePresence, encodePresence, NO_PRESENCE, type Presence, readPresence } from '../core/presence';
import type { PresentEntry } from './control';
import type { Mesh } from './mesh';
import { type Participant, People } from './people';

/** A link that was up comes back within this without anybody leaving. */
const GRACE_MS = 15_000;
const TICK_MS = 1_000;
/** Presence changes are gathered for this long. */
const GATHER_MS = 100;

export interface RosterHooks {
  readonly relayOnline: () => boolean;
  readonly changed: (list: readonly Participant[]) => void;
  readonly presence: (session: SessionId, presence: Presence) => void;
  /** Not here any more: no cursor and no live ink of it. It may come back. */
  readonly absent: (session: SessionId) => void;
  /** Gone for good: its link goes too. */
  readonly gone: (session: SessionId) => void;
  readonly sendPresence: (version: number, json: Uint8Array<ArrayBuffer>) => void;
}

export class Roster {
  readonly people = new People();
  mesh: Mesh | null = null;
  private readonly atRelay = new Set<SessionId>();
  private readonly seenMs = new Map<SessionId, number>();
  /** Left on purpose: a link that still hears them is the last of it, and nobody waits for them. */
  private readonly departed = new Set<SessionId>();
  private readonly entries = new Map<SessionId, { agent: PresentEntry['agent']; joinedMs: number }>();
  private me: SessionId | null = null;
  private mine: Presence = NO_PRESENCE;
  private version = 0;
  private gather: ReturnType<typeof setTimeout> | null = null;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly hooks: RosterHooks) {
    this.timer = setInterval(() => this.look(), TICK_MS);
  }

  become(session: SessionId, joinedMs: number): void {
    this.me = session;
    this.people.setMe(session);
    this.people.enter(session, { agent: 'browser', joinedMs });
    this.people.setPresence(session, this.version, this.mine);
    this.changed();
  }

  /** The relay's list replaces what it said before. */
  welcome(sessions: readonly SessionId[]): void {
    this.atRelay.clear();
    for (const session of sessions) this.atRelay.add(session);
    this.look();
  }

  entered(session: SessionId, entry: PresentEntry): void {
    const { agent, joinedMs, presence } = entry;
    this.atRelay.add(session);
    this.departed.delete(session);
    this.entries.set(session, { agent, joinedMs });
    this.people.enter(session, { agent, joinedMs });
    if (presence !== null) this.people.setPresence(session, 0, readPresence(presence));
    this.changed();
  }

  /** `left`: on purpose. `gone`: only its socket; a link may still hear it. */
  left(session: SessionId, reason: string): void {
    this.atRelay.delete(session);
    if (reason !== 'gone') this.departed.add(session);
    this.look();
  }

  remove(session: SessionId): void {
    this.atRelay.delete(session);
    this.drop(session, true);
    this.changed();
  }

  /** True when the relay can reach it for us. */
  byRelay(session: SessionId): boolean {
    return this.atRelay.has(session) && this.hooks.relayOnline();
  }

  /** Once a second, and whenever somebody may have come or gone. */
  look(): void {
    const now = Date.now();
    let moved = false;
    for (const [session, entry] of this.entries) {
      const up = this.mesh?.isUp(session) ?? false;
      if (up || this.byRelay(session)) this.seenMs.set(session, now);
      const departed = this.departed.has(session);
      const here = !departed && now - (this.seenMs.get(session) ?? Number.NEGATIVE_INFINITY) < GRACE_MS;
      const named = this.atRelay.has(session);
      // Named by the relay that we lost, or still in the grace of a link: here. Otherwise not.
      const gone = !up && !here && !(named && this.hooks.relayOnline());
      const left = gone && (departed || (!named && this.hooks.relayOnline()));
      if (gone && this.people.isPresent(session)) {
        this.drop(session, left);
        moved = true;
      } else if (left) this.drop(session, true);
      else if (!gone && !this.people.isPresent(session)) {
        this.people.enter(session, entry);
        moved = true;
      }
    }
    if (moved) this.changed();
  }

  private drop(session: SessionId, forGood: boolean): void {
    this.people.leave(session);
    this.hooks.absent(session);
    if (!forGood) return;
    this.entries.delete(session);
    this.departed.delete(session);
    this.seenMs.delete(session);
    this.hooks.gone(session);
  }

  changed(): void {
    this.hooks.changed(this.people.participants());
  }

  // Presence

  receive(session: SessionId, version: number, json: Uint8Array): void {
    const presence = decodePresence(json);
    if (session === this.me || !this.people.setPresence(session, version, presence)) return;
    this.hooks.presence(session, presence);
    this.changed();
  }

  set(patch: Partial<Presence>): void {
    this.mine = { ...this.mine, ...patch };
    this.version += 1;
    if (this.me === null) return;
    this.people.setPresence(this.me, this.version, this.mine);
    this.gather ??= setTimeout(() => {
      this.gather = null;
      this.sendMine();
      this.changed();
    }, GATHER_MS);
  }

  sendMine(): void {
    this.hooks.sendPresence(this.version, encodePresence(this.mine));
  }

  get ownPresence(): { version: number; json: Uint8Array<ArrayBuffer> } {
    return { version: this.version, json: encodePresence(this.mine) };
  }

  close(): void {
    clearInterval(this.timer);
    if (this.gather !== null) clearTimeout(this.gather);
  }
}
