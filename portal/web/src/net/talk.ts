/** What the relay says of the room: who is there, who came and went, signals (protocol.md S3–S12). */
import type { SessionId } from '../core/ids';
import type { Replica } from '../core/replica';
import type { PresentEntry, RelayControl } from './control';
import type { Exchange } from './exchange';
import type { Mesh } from './mesh';
import type { Persistence } from './persist';
import type { RevocationDesk } from './revocations';
import type { Roster } from './roster';

export interface TalkHooks {
  readonly now: () => number;
  readonly own: () => SessionId | null;
  readonly mesh: () => Mesh | null;
  readonly room: (state: 'open' | 'closed') => void;
  readonly equivocation: (session: SessionId) => void;
  readonly storageFailed: () => void;
}

export class RoomTalk {
  private start: { readonly roomMs: number; readonly atMs: number } | null = null;

  constructor(
    private readonly replica: Replica,
    private readonly exchange: Exchange,
    private readonly roster: Roster,
    private readonly persistence: Persistence | null,
    private readonly revocations: RevocationDesk,
    private readonly hooks: TalkHooks,
  ) {}

  roomMs(nowMs: number): number | null {
    return this.start === null ? null : this.start.roomMs + nowMs - this.start.atMs;
  }

  receive(control: RelayControl): void {
    switch (control.t) {
      case 'welcome':
        this.start = { roomMs: control.roomMs, atMs: this.hooks.now() };
        this.revocations.frozen(control.frozen);
        for (const token of control.sessions) void this.exchange.admit(token);
        this.exchange.relayOpened(control.revocations);
        this.welcomed(control.participants);
        return;
      case 'joined':
        this.enter(control);
        return;
      // In order with the tickets, which are still being checked.
      case 'left':
        this.exchange.afterTickets(() => this.roster.left(control.session, control.reason));
        return;
      case 'signal':
        this.exchange.afterTickets(() => this.hooks.mesh()?.receiveSignal(control.from, control.data));
        return;
      case 'revoked':
        this.exchange.receive('relay', { type: 'REVOCATION', token: control.token });
        return;
      case 'frozen':
        this.exchange.afterTickets(() => this.revocations.frozen(control.sessions));
        return;
      case 'room':
        this.hooks.room(control.state);
        return;
      case 'equivocation':
        this.hooks.equivocation(control.session);
    }
  }

  private welcomed(entries: readonly PresentEntry[]): void {
    const here: SessionId[] = [];
    for (const entry of entries) this.enter(entry, (session) => here.push(session));
    this.exchange.afterTickets(() => {
      this.roster.welcome(here);
      this.hooks.mesh()?.signalingBack();
      this.roster.sendMine();
    });
    void this.bringOthers();
  }

  /** What other pages of this user stored meanwhile, and may not have sent. */
  async bringOthers(): Promise<void> {
    try {
      this.exchange.bring((await this.persistence?.loadOthers(this.hooks.now())) ?? []);
    } catch {
      this.hooks.storageFailed();
    }
  }

  /** Somebody is in the room: by a good ticket, or not at all. */
  private enter(entry: PresentEntry, entered?: (session: SessionId) => void): void {
    void this.exchange.admit(entry.ticket).then((ticket) => {
      if (ticket === null || ticket.session === this.hooks.own() || this.replica.isOut(ticket.session)) return;
      const { session, publicKey } = ticket;
      entered?.(session);
      this.roster.entered(session, entry);
      this.hooks.mesh()?.add({ session, key: publicKey, agent: entry.agent });
    });
  }
}
