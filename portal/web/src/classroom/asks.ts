/** What staff ask of a person: microphone on or off, hand down. Said in presence, so it is a wish and no command. */

import { signal } from '@preact/signals';
import { isStaff, type UserId } from '../core/ids';
import { type Ask, MAX_ASKS } from '../core/presence';
import type { LocalMedia } from '../media/localMedia';
import { t } from '../ui/i18n';
import { toast } from '../ui/toasts';
import type { Participant, RoomSession } from './room';

export type Wish = Ask['what'];

/** A wish that is older is passed over: whoever comes later was not meant. */
const FRESH_MS = 15_000;
/** How long it stands in presence, so that a line that was broken for a moment brings it too. */
const SHOWN_MS = 10_000;

export class Asks {
  /** Who asks this person to turn the microphone on; null: nobody. */
  readonly prompt = signal<{ readonly by: string } | null>(null);
  private sent: Ask[] = [];
  private readonly heard = new Set<string>();
  private readonly waiting: Wish[] = [];
  private media: Pick<LocalMedia, 'state' | 'setMicrophone'> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly session: RoomSession) {}

  /** Staff: asks somebody. */
  ask(user: UserId, what: Wish): void {
    const now = this.session.now();
    const fresh = this.sent.filter((ask) => now - ask.at < SHOWN_MS && !(ask.user === user && ask.what === what));
    this.sent = [...fresh, { user, what, at: now }].slice(-MAX_ASKS);
    this.session.setPresence({ asks: this.sent });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.sent = [];
      this.session.setPresence({ asks: [] });
    }, SHOWN_MS);
  }

  /** What the others' presences ask of this person now. Only staff are heard, by their tickets. */
  read(people: readonly Participant[]): void {
    const { user } = this.session.info.me;
    for (const person of people) {
      if (person.isMe || !isStaff(person.role)) continue;
      for (const ask of person.presence.asks) {
        const key = `${person.session} ${ask.what} ${ask.at}`;
        if (ask.user !== user || this.heard.has(key)) continue;
        this.heard.add(key);
        if (Math.abs(this.session.now() - ask.at) < FRESH_MS) this.follow(ask.what, person.name);
      }
    }
  }

  /** The devices of this page, once there are any. */
  attach(media: Pick<LocalMedia, 'state' | 'setMicrophone'>): void {
    this.media = media;
    for (const what of this.waiting.splice(0)) this.follow(what, '');
  }

  /** The answer to the prompt. */
  async answer(turnOn: boolean): Promise<void> {
    this.prompt.value = null;
    if (turnOn) {
      await this.media?.setMicrophone(true);
    }
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private follow(what: Wish, by: string): void {
    if (what === 'lower') {
      this.session.setPresence({ hand: false, handMs: null });
      return;
    }
    if (this.media === null) {
      this.waiting.push(what);
      return;
    }
    const isOn = this.media.state.peek().microphone.on;
    if (what === 'unmute' && !isOn) {
      this.prompt.value = { by };
    } else if (what === 'mute' && isOn) {
      this.prompt.value = null;
      void this.media.setMicrophone(false);
      toast(t('Your tutor has turned your microphone off. You can turn it on again at any time.'));
    }
  }
}
