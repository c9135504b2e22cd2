/**
 * Crisis alerts on a page (protocol.md section C): one's own until the portal has it, and those of others that this page
 * carries because it has a way to the portal. What is carried is opaque here, and nothing of it is ever shown.
 */
import { ALERT_ID_BYTES, ALERT_RECEIPT_BYTES, sealAlert } from '../core/alert';
import { type Bytes, formatBase64Url, formatHex, parseBase64Url, sameBytes } from '../core/bytes';
import { ProtocolError } from '../core/errors';
import type { RoomId, SessionId } from '../core/ids';
import type { AlertMessage } from '../core/messages';
import { PortalError } from './portal';
import { Bucket } from './rates';

/** Without an answer of the portal for so long, others are asked to carry it, ms. */
const CARRY_AFTER_MS = 700;
const AGAIN_MS = 2_000;
/** How often a stored alert asks whether somebody has it in hand, ms. */
const FOLLOW_MS = 5_000;
const FOLLOWED = 360;
const CARRIED_MAX = 32;
const PER_S = 2;
const BURST = 20;

export type AlertState = 'sending' | 'stored' | 'acknowledged';

export interface AlertHooks {
  /** Posts it to the portal; rejects with PortalError. */
  readonly post: (id: string, sealed: string) => Promise<{ readonly receipt: string; readonly acknowledged: boolean }>;
  /** To the relay, and to whoever of the staff and the recorder is linked; to students only where nobody else is. */
  readonly send: (message: AlertMessage, but: SessionId | 'relay' | null) => void;
  /** A receipt back to whoever brought the alert. */
  readonly answer: (to: SessionId | 'relay', message: AlertMessage) => void;
  readonly changed: (state: AlertState) => void;
}

interface Own {
  readonly id: Bytes;
  readonly receipt: Bytes;
  readonly sealed: Bytes;
}

export class AlertDesk {
  private own: Own | null = null;
  private stored = false;
  private followed = 0;
  private timers = new Set<ReturnType<typeof setTimeout>>();
  /** By id; the newest last. null: on its way. */
  private readonly carried = new Map<string, Bytes | null>();
  private readonly handedOn = new Set<string>();
  private readonly bucket = new Bucket(PER_S, BURST, performance.now() / 1000);
  private closed = false;

  constructor(private readonly hooks: AlertHooks) {}

  /** Makes an alert and goes on until the portal has it. Rejects when the page's keys do not work. */
  async press(
    alert: { room: RoomId; session: SessionId; atMs: number; reason: string },
    sign: (text: Bytes) => Promise<Bytes>,
    recipient: string,
  ): Promise<void> {
    const id = crypto.getRandomValues(new Uint8Array(ALERT_ID_BYTES));
    const receipt = crypto.getRandomValues(new Uint8Array(ALERT_RECEIPT_BYTES));
    const sealed = await sealAlert({ ...alert, id, receipt }, sign, parseBase64Url(recipient));
    this.own = { id, receipt, sealed };
    this.stored = false;
    this.followed = 0;
    this.hooks.changed('sending');
    this.attempt(this.own);
  }

  /** An ALERT of a link or the relay. */
  brought(from: SessionId | 'relay', message: AlertMessage): void {
    if (message.receipt) {
      this.receipt(message);
      return;
    }
    const id = formatHex(message.id);
    const known = this.carried.get(id);
    if (known) this.hooks.answer(from, { type: 'ALERT', id: message.id, receipt: true, content: known });
    if (known !== undefined || !this.bucket.take(performance.now() / 1000)) return;
    this.carried.set(id, null);
    if (this.carried.size > CARRIED_MAX) this.forgetOldest();
    void this.carry(from, id, message);
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private attempt(own: Own): void {
    if (this.closed || this.stored || own !== this.own) return;
    this.later(CARRY_AFTER_MS, () => {
      if (!this.stored && own === this.own) {
        this.hooks.send({ type: 'ALERT', id: own.id, receipt: false, content: own.sealed }, null);
      }
    });
    this.later(AGAIN_MS, () => this.attempt(own));
    void this.post(own);
  }

  private async post(own: Own): Promise<void> {
    try {
      const answer = await this.hooks.post(formatHex(own.id), formatBase64Url(own.sealed));
      if (sameBytes(parseBase64Url(answer.receipt), own.receipt)) this.has(own, answer.acknowledged);
    } catch (error) {
      // Away, or it says no to this log-in: whoever carries it is heard all the same.
      if (!(error instanceof PortalError || error instanceof ProtocolError)) throw error;
    }
  }

  private has(own: Own, acknowledged: boolean): void {
    if (this.closed || own !== this.own) return;
    const isNews = !this.stored || acknowledged;
    this.stored = true;
    if (isNews) this.hooks.changed(acknowledged ? 'acknowledged' : 'stored');
    if (!acknowledged && this.followed++ < FOLLOWED && this.timers.size < 4) {
      this.later(FOLLOW_MS, () => {
        void this.post(own).then(() => undefined);
      });
    }
  }

  private receipt(message: AlertMessage): void {
    const { own } = this;
    if (own === null || this.stored) return;
    if (sameBytes(message.id, own.id) && sameBytes(message.content, own.receipt)) this.has(own, false);
  }

  private async carry(from: SessionId | 'relay', id: string, message: AlertMessage): Promise<void> {
    try {
      const { receipt } = await this.hooks.post(id, formatBase64Url(message.content));
      const content = parseBase64Url(receipt);
      this.carried.set(id, content);
      this.hooks.answer(from, { type: 'ALERT', id: message.id, receipt: true, content });
    } catch (error) {
      if (!(error instanceof PortalError || error instanceof ProtocolError)) throw error;
      // It comes again every two seconds, and we may have a way by then. Others have one perhaps now.
      this.carried.delete(id);
      if (error instanceof PortalError && error.unreachable && !this.handedOn.has(id)) {
        if (this.handedOn.size >= CARRIED_MAX) this.handedOn.clear();
        this.handedOn.add(id);
        this.hooks.send(message, from);
      }
    }
  }

  private forgetOldest(): void {
    const [oldest] = this.carried.keys();
    if (oldest !== undefined) this.carried.delete(oldest);
  }

  private later(delayMs: number, work: () => void): void {
    if (this.closed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, delayMs);
    this.timers.add(timer);
  }
}
