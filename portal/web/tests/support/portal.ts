/** The portal's part in joining, in memory. */
import { parseBase64Url } from '../../src/core/bytes';
import type { Role, SessionId } from '../../src/core/ids';
import { type AlertAnswer, type LessonInfo, type Portal, PortalError, type TicketGrant } from '../../src/net/portal';
import { ROOM, type School, sessionOf } from './school';

let sessions = 0x100;

export class MemoryPortal implements Portal {
  down = false;
  /** Client ids that somebody else has, for as many questions. */
  taken = 0;
  asked = 0;
  renewed = 0;
  lifetimeS = 300;
  /** Alerts that this page brought, by id: what was sealed. */
  readonly alerts = new Map<string, string>();
  /** What the portal would find inside: the receipt, in base64url. */
  receiptOf: (sealed: string) => string = () => '';
  acknowledged = false;
  alertKey = '';
  private readonly issued = new Map<string, { key: string; client: number }>();

  constructor(
    private readonly school: School,
    private readonly user: string,
    private readonly role: Role = 'student',
    private readonly lessonId = 'L1',
  ) {}

  private check(): void {
    if (this.down) throw new PortalError(0, 'unreachable', 'away');
  }

  async lesson(): Promise<LessonInfo> {
    this.check();
    return {
      lesson: this.lessonId,
      title: 'Fractions',
      subject: 'Maths',
      room: ROOM,
      state: 'open',
      starts_at: '',
      time_zone: 'UTC',
      ends_at: '',
      me: { user: this.user, name: this.user, role: this.role },
      school: 'School',
      demo: true,
      recording: 'off',
      notice: '',
    };
  }

  async ticket(key: string, client: number): Promise<TicketGrant> {
    this.check();
    this.asked += 1;
    if (this.taken > 0) {
      this.taken -= 1;
      throw new PortalError(409, 'client_taken', 'taken');
    }
    const session = sessionOf(sessions++);
    this.issued.set(session, { key, client });
    return this.grant(session, key, client);
  }

  async renew(session: string): Promise<TicketGrant> {
    this.check();
    this.renewed += 1;
    const known = this.issued.get(session);
    if (known === undefined) throw new PortalError(404, 'unknown', 'no such session');
    return this.grant(session as SessionId, known.key, known.client);
  }

  async remove(user: string): Promise<{ token: string }> {
    this.check();
    return { token: await this.school.revoke({ sub: user }) };
  }

  async readmit(): Promise<unknown> {
    this.check();
    return {};
  }

  async alert(id: string, sealed: string): Promise<AlertAnswer> {
    this.check();
    this.alerts.set(id, sealed);
    return { receipt: this.receiptOf(sealed), acknowledged: this.acknowledged };
  }

  private async grant(session: SessionId, key: string, client: number): Promise<TicketGrant> {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + this.lifetimeS;
    const holder = { point: parseBase64Url(key) };
    const { school, user, role } = this;
    const colour = school.colourOf(user);
    const ticket = await school.issue(holder, { session, client, user, role, iat, exp, colour });
    return {
      ticket,
      room: ROOM,
      relay_url: 'ws://relay.test/v1/session',
      jwks: this.school.jwks,
      ice_servers: [],
      ice_policy: 'all',
      expires_ms: exp * 1000,
      alert_key: this.alertKey,
    };
  }
}
