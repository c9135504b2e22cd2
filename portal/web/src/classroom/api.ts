/** The portal's HTTP interface as far as the classroom's page itself uses it; tickets are the session's business. */

import type { UserId } from '../core/ids';
import type { Preflight } from '../media/connectionCheck';
import { PortalError } from '../net/portal';
import { t } from '../ui/i18n';
import type { LessonFacts } from './room';

export interface DoorPerson {
  readonly user: UserId;
  readonly name: string;
}

export interface DoorPeople {
  readonly waiting: readonly DoorPerson[];
  readonly removed: readonly DoorPerson[];
}

/** All methods raise PortalError, whose message is a sentence for a person. */
export class ClassroomPortal {
  constructor(
    private readonly lesson: string,
    private readonly csrf: string,
  ) {}

  async facts(): Promise<LessonFacts> {
    return (await this.call('GET', '')) as LessonFacts;
  }

  readonly preflight = async (): Promise<Preflight> => (await this.call('GET', '/preflight')) as Preflight;

  async acknowledgeNotice(): Promise<void> {
    await this.call('POST', '/notice');
  }

  /** At the door: whether this person may come in. */
  async knock(): Promise<boolean> {
    return ((await this.call('POST', '/knock')) as { admitted: boolean }).admitted;
  }

  /** For staff: who waits at the door, and who was put out. */
  async door(): Promise<DoorPeople> {
    return (await this.call('GET', '/door')) as DoorPeople;
  }

  async admit(user: UserId): Promise<void> {
    await this.call('POST', '/admit', { user });
  }

  async start(): Promise<void> {
    await this.call('POST', '/start');
  }

  async end(): Promise<void> {
    await this.call('POST', '/end');
  }

  private async call(method: 'GET' | 'POST', path: string, content?: object): Promise<unknown> {
    const url = `/api/lessons/${encodeURIComponent(this.lesson)}${path}`;
    const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRF-Token': this.csrf };
    const init: RequestInit = { method, headers, keepalive: method === 'POST' };
    if (content !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(content);
    }
    let response: Response;
    try {
      // Sent to its end even when the page is left meanwhile.
      response = await fetch(url, init);
    } catch {
      throw new PortalError(0, 'unreachable', t('The server does not answer. Check the connection and try again.'));
    }
    const body = await readJson(response);
    if (!response.ok) {
      throw refusal(body, response.status);
    }
    return body;
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A proxy's own error page is no JSON: the status says enough.
    return null;
  }
}

function refusal(body: unknown, status: number): PortalError {
  const { error, message, reference } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  return new PortalError(
    status,
    typeof error === 'string' ? error : 'failed',
    typeof message === 'string' && message !== '' ? message : t('The server refused this ({status}).', { status }),
    typeof reference === 'string' ? reference : '',
  );
}
