/** Desks: a private board for each student, which the staff see and may show to everybody (protocol.md D4, P7). */

import { computed, signal } from '@preact/signals';
import type { BoardRoom } from '../../board/controller';
import { liveStrokes } from '../../board/livePeers';
import type { Board } from '../../core/board';
import type { UserId } from '../../core/ids';
import { t } from '../../ui/i18n';
import type { RoomStore } from '../store';

export interface DeskPerson {
  readonly user: UserId;
  readonly name: string;
}

export class Desks {
  /** Whose desk this page shows; null: the board of all. */
  readonly at = signal<UserId | null>(null);
  /** Whose desk is shown to everybody. */
  readonly shown = signal<UserId | null>(null);
  /** The staff's overview of all desks. */
  readonly isOverview = signal(false);
  /** The school has desks, and this person one of their own, or all to look after. */
  readonly isOn = computed(() => this.store.me.value?.caps.has('desk') ?? false);
  readonly students = computed<readonly DeskPerson[]>(() =>
    this.store.company.value.filter(({ role }) => role === 'student').map(({ user, name }) => ({ user, name })),
  );
  /** Staff help at every desk; students write at their own while the lesson is live. */
  readonly mayWrite = computed(() => {
    const { me, stopped, state, isStaff, isDropIn } = this.store;
    const at = this.at.value;
    if (at === null || !this.isOn.value || stopped.value !== null || state.value === 'ended') {
      return false;
    }
    const isTime = state.value === 'live' || isDropIn.value;
    return isStaff.value || (isTime && at === me.value?.user);
  });
  private readonly names = new Map<UserId, string>();
  private readonly stop: () => void;

  constructor(private readonly store: RoomStore) {
    this.stop = store.session.stage.onChange(() => this.readStage());
    this.readStage();
  }

  close(): void {
    this.stop();
  }

  board(user: UserId): Board {
    return this.store.session.desk(user);
  }

  name(user: UserId): string {
    const name = this.students.value.find((person) => person.user === user)?.name ?? this.names.get(user);
    this.names.set(user, name ?? t('A student'));
    return name ?? t('A student');
  }

  go(user: UserId | null): void {
    this.isOverview.value = false;
    this.at.value = user;
  }

  /** What the button does: one's own desk and back; for staff all desks. */
  toggle(): void {
    const { isStaff, me } = this.store;
    if (isStaff.value) {
      this.isOverview.value = !this.isOverview.value;
    } else {
      this.go(this.at.value === null ? ((me.value?.user as UserId | undefined) ?? null) : null);
    }
  }

  /** Shows a desk to everybody, or none any more. Staff only. */
  show(user: UserId | null): void {
    this.store.session.stage.showDesk(user);
    this.shown.value = user;
  }

  private readStage(): void {
    const before = this.shown.value;
    const now = this.store.session.stage.shownDesk;
    this.shown.value = now;
    const { me, isStaff } = this.store;
    if (now === before || isStaff.value) {
      return;
    }
    const own = me.value?.user ?? this.store.session.info.me.user;
    if (now !== null && now !== own) {
      this.at.value = now;
    } else if (now === null && this.at.value !== null && this.at.value !== own) {
      this.at.value = null;
    }
  }
}

/**
 * What the room is to a desk: cursor and live ink there reach those alone who may read it (protocol.md D4), and are shown
 * of those alone who may write there. Who only watches a desk that is shown has no cursor there.
 */
export function deskRoom(store: RoomStore, user: UserId): BoardRoom {
  const { live, desks } = store;
  return {
    now: () => store.now(),
    live: {
      begin: (stroke) => live.begin(stroke, user),
      extend: (points) => live.extend(points),
      end: () => live.end(),
      cursor: (page, x, y, laser) => {
        if (store.isStaff.value || user === store.me.value?.user) {
          live.cursor(page, x, y, laser, user);
        }
      },
      hideCursor: () => live.hideCursor(),
    },
    liveStrokes: (page) => liveStrokes(live, desks.board(user), { page, desk: user }),
    lasers: (page, zoom) => store.lasersAt({ page, desk: user }, zoom),
    pictures: store.pictures,
    keepPicture: (data) => store.keepPicture(data),
    onRefused: () => store.onRefused(),
  };
}
