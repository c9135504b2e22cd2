/** How this page gets into the room: its key, its ticket, and the next ticket before that one ends. */
import { formatPoint, loadJwks, randomClientId, type SessionKey } from '../core/keys';
import { readTicket, type Ticket } from '../core/ticket';
import { type Portal, PortalError, type TicketGrant } from './portal';
import type { Credentials } from './socket';

/** A ticket lives for five minutes. */
const RENEW_BEFORE_MS = 90_000;
const RETRY_MS = 10_000;
const CLIENT_ID_TRIES = 8;

export interface Admitted {
  readonly grant: TicketGrant;
  readonly ticket: Ticket;
}

export class Admission {
  private current: Admitted | null = null;
  private asking: Promise<Admitted> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  constructor(
    private readonly portal: Portal,
    private readonly key: SessionKey,
    /** First ticket, and every renewed one. */
    private readonly admitted: (admitted: Admitted, renewed: boolean) => Promise<void>,
    private readonly roomNow: () => number,
  ) {}

  get grant(): TicketGrant | null {
    return this.current?.grant ?? null;
  }

  /** For the socket. Rejects when there is no ticket to be had now. */
  async credentials(renew: boolean): Promise<Credentials> {
    const known = this.current;
    const fresh = known !== null && known.ticket.expiresMs > this.roomNow() + 5_000;
    let admitted: Admitted;
    if (known !== null && fresh && !renew) admitted = known;
    else admitted = await this.ask();
    return { url: admitted.grant.relay_url, ticket: admitted.grant.ticket, sign: this.key.sign };
  }

  /** One question at a time, whoever asks. */
  ask(): Promise<Admitted> {
    this.asking ??= this.askPortal().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async askPortal(): Promise<Admitted> {
    const renewed = this.current !== null;
    const grant = this.current === null ? await this.first() : await this.portal.renew(this.current.ticket.session);
    const ticket = await readTicket(grant.ticket, await loadJwks(grant.jwks));
    const admitted = { grant, ticket };
    this.current = admitted;
    await this.admitted(admitted, renewed);
    this.schedule(ticket.expiresMs - ticket.issuedMs - RENEW_BEFORE_MS);
    return admitted;
  }

  private async first(): Promise<TicketGrant> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.portal.ticket(formatPoint(this.key.point), randomClientId());
      } catch (error) {
        const taken = error instanceof PortalError && error.status === 409 && error.code === 'client_taken';
        if (!taken || tries >= CLIENT_ID_TRIES) throw error;
      }
    }
  }

  private schedule(delayMs: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(
      () => {
        this.ask().catch((error: unknown) => {
          // A portal that is away is asked again; one that says no is heard when the socket next needs a ticket.
          if (!(error instanceof PortalError) || error.unreachable) this.schedule(RETRY_MS);
        });
      },
      Math.max(1_000, delayMs),
    );
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }
}
