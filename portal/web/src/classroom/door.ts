/** Who waits at the lesson's door, and who was put out: asked of the portal while staff are in the room. */

import { signal } from '@preact/signals';
import { PortalError } from '../net/portal';
import { phrase } from '../ui/i18n';
import { toast } from '../ui/toasts';
import type { ClassroomPortal, DoorPerson } from './api';
import type { RoomSession } from './room';

const EVERY_MS = 3_000;

/** Why somebody is put out, as the portal knows it. */
export const REMOVAL_REASONS = [
  ['disruptive', phrase('Disturbs the lesson')],
  ['not_invited', phrase('Does not belong in this lesson')],
  ['asked_to_leave', phrase('Asked to leave')],
  ['technical', phrase('Something is wrong with their connection')],
  ['removed', phrase('Another reason')],
] as const;

export type DoorPortal = Pick<ClassroomPortal, 'door' | 'admit'>;

export class Door {
  readonly waiting = signal<readonly DoorPerson[]>([]);
  readonly removed = signal<readonly DoorPerson[]>([]);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly portal: DoorPortal,
    private readonly session: Pick<RoomSession, 'removePerson' | 'readmitPerson'>,
  ) {}

  start(): void {
    void this.look();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  async admit(person: DoorPerson): Promise<void> {
    await this.tell(() => this.portal.admit(person.user));
  }

  async remove(person: DoorPerson, reason: string): Promise<void> {
    await this.tell(() => this.session.removePerson(person.user, reason));
  }

  async readmit(person: DoorPerson): Promise<void> {
    await this.tell(() => this.session.readmitPerson(person.user));
  }

  private async tell(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof PortalError)) throw error;
      toast(error.message);
    }
    await this.look();
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    try {
      const { waiting, removed } = await this.portal.door();
      this.waiting.value = waiting;
      this.removed.value = removed;
    } catch (error) {
      // Away for a while, or the log-in has ended: the list stays as it was and is asked for again.
      if (!(error instanceof PortalError)) throw error;
    }
    if (!this.closed) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.look(), EVERY_MS);
    }
  }
}
