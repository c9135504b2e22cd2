/** The ways of a lesson for crisis alerts: the portal, then the relay and direct links (protocol.md C4). */
import { SetupError } from '../core/errors';
import type { SessionId } from '../core/ids';
import type { SessionKey } from '../core/keys';
import type { AlertMessage } from '../core/messages';
import type { Replica } from '../core/replica';
import type { Admitted } from './admission';
import { AlertDesk, type AlertState } from './alerts';
import type { Party } from './exchange';
import type { Mesh } from './mesh';
import type { Portal } from './portal';
import type { SessionSocket } from './socket';

export interface AlertParts {
  readonly portal: Portal;
  readonly key: SessionKey;
  readonly replica: Replica;
  readonly socket: SessionSocket;
  readonly now: () => number;
  readonly own: () => Admitted | null;
  readonly mesh: () => Mesh | null;
  readonly changed: (state: AlertState) => void;
}

export class LessonAlerts {
  private readonly desk: AlertDesk;

  constructor(private readonly parts: AlertParts) {
    this.desk = new AlertDesk({
      post: (id, sealed) => parts.portal.alert(id, sealed),
      send: (message, but) => this.spread(message, but),
      answer: (to, message) => {
        if (to === 'relay') parts.socket.send(message);
        else parts.mesh()?.sendSync(to, message);
      },
      changed: parts.changed,
    });
  }

  /** Staff and observers: calls the people on duty. What becomes of it is told by `changed`. */
  async press(reason: string): Promise<void> {
    const own = this.parts.own();
    if (own?.grant.alert_key === undefined) throw new SetupError('There is no way to the school from this page yet.');
    const { room, session } = own.ticket;
    await this.desk.press({ room, session, atMs: this.parts.now(), reason }, this.parts.key.sign, own.grant.alert_key);
  }

  brought(from: Party, message: AlertMessage): void {
    this.desk.brought(from, message);
  }

  close(): void {
    this.desk.close();
  }

  /** A student's page carries one only where nobody else can. */
  private spread(message: AlertMessage, but: Party | null): void {
    const { socket, replica } = this.parts;
    const mesh = this.parts.mesh();
    if (but !== 'relay') socket.send(message);
    const linked = (mesh?.up() ?? []).filter((session) => session !== but);
    const first = linked.filter((session) => isAskedFirst(replica, session));
    const isRelayed = but !== 'relay' && socket.state === 'online';
    for (const session of first.length > 0 || isRelayed ? first : linked) mesh?.sendSync(session, message);
  }
}

function isAskedFirst(replica: Replica, session: SessionId): boolean {
  const role = replica.tickets.get(session)?.role;
  return role !== undefined && role !== 'student' && role !== 'bot';
}
