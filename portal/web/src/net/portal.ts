/** The portal's JSON interface, as far as a classroom needs it. */
import type { Role } from '../core/ids';
import { t } from '../ui/i18n';

export interface LessonInfo {
  readonly lesson: string;
  readonly title: string;
  readonly subject: string;
  readonly room: string;
  readonly state: 'scheduled' | 'open' | 'live' | 'ended';
  readonly starts_at: string;
  readonly ends_at: string;
  /** IANA name of the school's zone, in which its pages tell every time. */
  readonly time_zone: string;
  readonly me: { readonly user: string; readonly name: string; readonly role: Role };
  readonly school: string;
  readonly demo: boolean;
  readonly recording: 'required' | 'off';
  readonly notice: string;
}

export interface TicketGrant {
  readonly ticket: string;
  readonly room: string;
  readonly relay_url: string;
  readonly jwks: unknown;
  readonly ice_servers: readonly RTCIceServer[];
  readonly ice_policy: RTCIceTransportPolicy;
  readonly expires_ms: number;
  /** What crisis alerts are sealed for (C3): base64url of a 65-byte point. */
  readonly alert_key?: string;
}

/** `status` 0: nobody answered. Otherwise the portal said no, with a sentence for a person. */
export class PortalError extends Error {
  override name = 'PortalError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** By which the portal's log has it; '' where nobody answered. */
    readonly reference = '',
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** What a session needs of the portal; tests hand in their own. */
export interface Portal {
  lesson(): Promise<LessonInfo>;
  ticket(key: string, client: number): Promise<TicketGrant>;
  renew(session: string): Promise<TicketGrant>;
  /** Puts a person out: the signed revocation (T5). Staff only. */
  remove(user: string, reason?: string): Promise<{ readonly token: string }>;
  readmit(user: string): Promise<unknown>;
  /** Brings a crisis alert, one's own or another's (C4): its id in hex, and what is sealed in base64url. */
  alert(id: string, sealed: string): Promise<AlertAnswer>;
}

export interface AlertAnswer {
  readonly receipt: string;
  readonly acknowledged: boolean;
}

const TIMEOUT_MS = 10_000;
/** An alert is tried anew, and carried by others, rather than waited for. */
const ALERT_TIMEOUT_MS = 4_000;

export class HttpPortal implements Portal {
  constructor(
    private readonly lessonId: string,
    private readonly csrf: string,
    private readonly base = '',
  ) {}

  lesson(): Promise<LessonInfo> {
    return this.call<LessonInfo>('GET', '');
  }

  ticket(key: string, client: number): Promise<TicketGrant> {
    return this.call<TicketGrant>('POST', '/ticket', { key, client });
  }

  renew(session: string): Promise<TicketGrant> {
    return this.call<TicketGrant>('POST', '/renew', { session });
  }

  remove(user: string, reason = 'removed'): Promise<{ readonly token: string }> {
    return this.call('POST', '/remove', { user, reason });
  }

  readmit(user: string): Promise<unknown> {
    return this.call('POST', '/readmit', { user });
  }

  alert(id: string, sealed: string): Promise<AlertAnswer> {
    return this.call('POST', '/alerts', { id, sealed }, ALERT_TIMEOUT_MS);
  }

  private async call<T>(method: 'GET' | 'POST', path: string, body?: object, timeoutMs = TIMEOUT_MS): Promise<T> {
    const init: RequestInit = {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'X-CSRF-Token': this.csrf, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    let response: Response;
    try {
      response = await fetch(`${this.base}/api/lessons/${encodeURIComponent(this.lessonId)}${path}`, init);
    } catch {
      throw new PortalError(0, 'unreachable', t('The school’s server cannot be reached.'));
    }
    const answer = (await response.json().catch(() => null)) as Record<string, unknown> | null;
    if (!response.ok) {
      const { error, message, reference } = answer ?? {};
      throw new PortalError(
        response.status,
        typeof error === 'string' ? error : 'failed',
        typeof message === 'string' ? message : t('The school’s server could not do that.'),
        typeof reference === 'string' ? reference : '',
      );
    }
    if (answer === null) throw new PortalError(0, 'unreachable', t('The school’s server cannot be reached.'));
    return answer as T;
  }
}
