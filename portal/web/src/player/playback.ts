import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import type { PageId } from '../core/ids';
import type { Page } from '../core/shape';
import { BoardSync } from './boardSync';
import { type Captions, NO_CAPTIONS } from './captions';
import { MasterClock } from './clock';
import type { ChatLine } from './journal';
import { inkOf, PLAIN_LOOK } from './lens';
import { type Chapter, type Manifest, type PlayerPerson, peopleByUser, withBeginning } from './manifest';
import { RecordingPictures } from './pictures';
import { Recording } from './recording';
import { RecordingSource } from './recordingSource';
import { endOfSilence } from './silence';
import { Tracks } from './tracks';
import { loadViewChoice, saveViewChoice, type ViewChoice } from './viewChoice';

export type Phase = 'loading' | 'ready' | 'empty' | 'error';

/** While a lesson runs, playback follows this far behind what is written: files are flushed twice a second, and asked for every two. */
const LIVE_DELAY_MS = 5_000;
/** Further behind than this while following, playback jumps ahead. */
const LIVE_LAG_MS = 12_000;
const WORK_RUNNING_MS = 4;
const WORK_IDLE_MS = 14;
/** Position as the interface sees it: fine enough for the eye, coarse enough not to render sixty times a second. */
const SHOWN_STEP_MS = 100;

/** Everything behind the player: one clock, and board, voices and pictures that follow it. */
export class Playback {
  readonly phase = signal<Phase>('loading');
  readonly failure = signal('');
  readonly manifest = signal<Manifest | null>(null);
  /** Room time on screen, in steps of 100 ms. */
  readonly shown_ms = signal(0);
  readonly playing = signal(false);
  /** It should play, and waits for something to load. */
  readonly waiting = signal(false);
  readonly speed = signal(1);
  readonly volume = signal(1);
  readonly muted = signal(false);
  readonly following = signal(false);
  /** Where nobody speaks or writes, playback jumps ahead. */
  readonly skipping = signal(false);
  /** The one whose work alone is on the board; null: everybody's. */
  readonly onlyUser = signal<string | null>(null);
  /** Everybody's work has a colour of its own. */
  readonly byAuthor = signal(false);
  readonly view = signal<ViewChoice>(loadViewChoice(localStorage));
  /** The server cannot be reached: what is loaded plays on. */
  readonly offline = signal(false);
  /** The browser wants a press before it plays sound. */
  readonly blocked = signal(false);
  readonly damaged = signal(false);
  readonly pages = signal<readonly Page[]>([]);
  /** The page on screen. */
  readonly page = signal<PageId>('main' as PageId);
  /** A page that the viewer chose instead of the lesson's. */
  readonly pinned = signal<PageId | null>(null);
  readonly chat = signal<readonly ChatLine[]>([]);
  readonly hands = signal<ReadonlySet<string>>(new Set());
  /** Counts changes of which pictures and voices are there. */
  readonly mediaVersion = signal(0);
  readonly people: ReadonlySignal<readonly PlayerPerson[]> = computed(() =>
    peopleByUser(this.manifest.value?.people ?? []),
  );
  readonly captions = signal<Captions>(NO_CAPTIONS);
  /** Chapters that were set by hand, since. */
  readonly markers = signal<readonly Chapter[]>([]);
  readonly chapters: ReadonlySignal<readonly Chapter[]> = computed(() =>
    withBeginning(this.manifest.value, this.markers.value),
  );
  readonly isLive: ReadonlySignal<boolean> = computed(() => this.manifest.value?.state === 'recording');

  readonly recording = new Recording();
  readonly board: BoardSync;
  readonly tracks: Tracks;
  /** Those on the board. */
  readonly pictures = new RecordingPictures(() => ({
    assets: this.manifest.peek()?.assets ?? null,
    isRunning: this.isLive.peek(),
  }));
  readonly clock = new MasterClock(0, 0);
  readonly #source: RecordingSource;
  #frame = 0;
  #hiddenTimer: ReturnType<typeof setInterval> | undefined;
  #isScrubbing = false;
  #startAt: (duration_ms: number) => number | null = () => null;

  constructor(
    manifestUrl: string,
    soundHost: HTMLElement,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.board = new BoardSync(this.recording);
    this.tracks = new Tracks(soundHost, () => {
      this.blocked.value = true;
      this.pause();
    });
    this.tracks.setVideo(isSeen(this.view.peek()));
    this.#source = new RecordingSource(manifestUrl, this.recording, {
      onManifest: (manifest) => this.#takeManifest(manifest),
      onRecords: (isBackFill) => this.#takeRecords(isBackFill),
      onEnd: (isDamaged) => this.#takeEnd(isDamaged),
      onFailure: (sentence) => this.#fail(sentence),
      onReach: (isReached) => this.#takeReach(isReached),
      onEarly: (sentence) => {
        this.failure.value = sentence;
        this.phase.value = 'empty';
      },
    });
  }

  /** Loads, and follows the clock from then on. `startAt` gives the lesson time to begin at once the length is known. */
  open(startAt: (duration_ms: number) => number | null): void {
    this.#startAt = startAt;
    this.reopen();
  }

  /** Tries again after a failure. */
  reopen(): void {
    this.phase.value = 'loading';
    this.#source.open();
    if (!this.#frame) {
      this.#loop();
      // A hidden page gets no animation frames; sound goes on there, so files must still follow one another.
      this.#hiddenTimer = setInterval(() => document.hidden && this.tick(), 500);
    }
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#hiddenTimer);
    this.#source.close();
    this.tracks.close();
    this.pictures.close();
    this.board.detach();
  }

  /** Lesson time now, ms. */
  get position_ms(): number {
    return this.clock.position(this.now()) - this.clock.start_ms;
  }

  get duration_ms(): number {
    return this.clock.end_ms - this.clock.start_ms;
  }

  play(): void {
    this.blocked.value = false;
    if (this.following.peek()) {
      this.#catchUp();
    }
    this.clock.play(this.now());
    this.tracks.retry();
    this.#publish();
  }

  pause(): void {
    this.clock.pause(this.now());
    this.following.value = false;
    this.#publish();
  }

  toggle(): void {
    if (this.clock.playing) {
      this.pause();
    } else {
      this.play();
    }
  }

  /** Goes to a lesson time, ms. The board is there when this returns, as far as it is loaded. */
  seek(lesson_ms: number): void {
    this.following.value = false;
    this.#moveTo(this.clock.start_ms + lesson_ms);
  }

  /** While the handle is dragged only the board follows; voices and pictures come when it is let go. */
  scrub(lesson_ms: number): void {
    this.#isScrubbing = true;
    this.seek(lesson_ms);
  }

  endScrub(): void {
    this.#isScrubbing = false;
    this.tracks.retry();
  }

  setSpeed(speed: number): void {
    this.clock.setSpeed(speed, this.now());
    this.following.value = false;
    this.#publish();
  }

  setVolume(volume: number, muted = false): void {
    this.volume.value = Math.min(1, Math.max(0, volume));
    this.muted.value = muted;
    this.tracks.setVolume(this.volume.value, muted);
  }

  setSkipping(skipping: boolean): void {
    this.skipping.value = skipping;
    this.tick();
  }

  /** Shows one person's work alone (null: everybody's), and if wanted each person's in a colour of their own. */
  lookAt(user: string | null, byAuthor: boolean): void {
    this.onlyUser.value = user;
    this.byAuthor.value = byAuthor;
    this.#look();
    this.tick();
  }

  #look(): void {
    const [user, byAuthor, people] = [this.onlyUser.peek(), this.byAuthor.peek(), this.people.peek()];
    const one = people.find((person) => person.user === user);
    const colours = people.flatMap(({ sessions, colour }) =>
      sessions.map((session) => [session, inkOf(colour)] as const),
    );
    const isPlain = !one && !byAuthor;
    this.board.look(
      isPlain ? PLAIN_LOOK : { only: one ? new Set(one.sessions) : null, colours: byAuthor ? new Map(colours) : null },
    );
  }

  /** Chooses what of the lesson is on screen. */
  choose(view: ViewChoice): void {
    this.view.value = view;
    this.tracks.setVideo(isSeen(view));
    saveViewChoice(view, localStorage);
    this.tick();
  }

  /** The device lost its network or has it again. */
  reach(isOnline: boolean): void {
    this.#takeReach(isOnline);
    if (isOnline && this.phase.peek() === 'error') {
      this.reopen();
    }
  }

  pin(page: PageId | null): void {
    this.pinned.value = page;
    this.tick();
  }

  /** Shows a running lesson as it happens, a few seconds behind. */
  goLive(): void {
    this.clock.setSpeed(1, this.now());
    this.#moveTo(this.clock.end_ms - LIVE_DELAY_MS);
    this.play();
    this.following.value = true;
  }

  /** One look at everything; called once a frame. */
  tick(): void {
    const now_ms = this.now();
    const { clock } = this;
    this.#skip(now_ms);
    const t_ms = clock.position(now_ms);
    const isRead = this.recording.work(clock.isRunning ? WORK_RUNNING_MS : WORK_IDLE_MS, this.now);
    this.#hold('board', !isRead && t_ms > this.recording.readUntil_ms, now_ms);
    const { playing, speed } = clock;
    const held = clock.isHeld || this.#isScrubbing;
    const media = this.tracks.tick({ position_ms: t_ms, speed, playing, held }, now_ms);
    this.#hold('media', media.waits && playing && !this.#isScrubbing, now_ms);
    this.#hold('scrub', this.#isScrubbing, now_ms);
    if (!this.isLive.peek()) {
      clock.stopAtEnd(now_ms);
    }
    const page = this.board.show(t_ms, this.pinned.peek());
    batch(() => {
      this.page.value = page;
      this.pages.value = this.board.pages;
      if (media.changed) {
        this.mediaVersion.value += 1;
      }
      this.#publish();
    });
  }

  #skip(now_ms: number): void {
    if (!this.skipping.peek() || !this.clock.isRunning || this.#isScrubbing) {
      return;
    }
    const to_ms = endOfSilence(this.manifest.peek()?.silences ?? [], this.clock.position(now_ms));
    if (to_ms !== null) {
      this.clock.seek(to_ms, now_ms);
    }
  }

  #hold(reason: string, isHeld: boolean, now_ms: number): void {
    if (isHeld) {
      this.clock.hold(reason, now_ms);
    } else {
      this.clock.release(reason, now_ms);
    }
  }

  #moveTo(room_ms: number): void {
    this.clock.seek(room_ms, this.now());
    this.tracks.retry();
    this.tick();
  }

  #publish(): void {
    const t_ms = this.clock.position(this.now());
    this.shown_ms.value = Math.round(t_ms / SHOWN_STEP_MS) * SHOWN_STEP_MS;
    this.playing.value = this.clock.playing;
    this.waiting.value = this.clock.playing && this.clock.isHeld && !this.#isScrubbing;
    this.speed.value = this.clock.speed;
    const { chat } = this.recording.journal;
    if (chat.length !== this.chat.peek().length) {
      this.chat.value = [...chat];
    }
    const hands = this.recording.handsAt(t_ms);
    const before = this.hands.peek();
    if (hands.size !== before.size || [...hands].some((session) => !before.has(session))) {
      this.hands.value = hands;
    }
  }

  #takeManifest(manifest: Manifest): void {
    const isFirst = this.manifest.peek() === null;
    this.manifest.value = manifest;
    this.clock.extend(manifest.start_ms, manifest.end_ms, this.now());
    this.tracks.update(manifest.tracks);
    this.mediaVersion.value += 1;
    if (this.board.lens.look !== PLAIN_LOOK) {
      // Somebody may have come since, or come back.
      this.#look();
    }
    if (manifest.started_at > 0) {
      this.recording.journal.setEpoch(manifest.started_at - manifest.start_ms);
    }
    if (isFirst) {
      const isAnything = manifest.end_ms > manifest.start_ms || manifest.state === 'recording';
      this.phase.value = isAnything ? 'ready' : 'empty';
      const wanted_ms = this.#startAt(this.duration_ms);
      // Whoever comes to a running lesson without a place in mind sees what is going on.
      this.following.value = wanted_ms === null && manifest.state === 'recording';
      this.clock.seek(
        this.following.value ? manifest.end_ms - LIVE_DELAY_MS : manifest.start_ms + (wanted_ms ?? 0),
        this.now(),
      );
    } else if (this.phase.peek() !== 'ready' && manifest.end_ms > manifest.start_ms) {
      this.phase.value = 'ready';
    }
    if (manifest.state === 'damaged') {
      this.damaged.value = true;
    }
    if (this.following.peek()) {
      this.#catchUp();
    }
  }

  /** Somebody who follows and has fallen behind goes ahead. When the lesson ends, it is simply played to its end. */
  #catchUp(): void {
    if (!this.isLive.peek()) {
      this.following.value = false;
    } else if (this.clock.end_ms - this.clock.position(this.now()) > LIVE_LAG_MS) {
      this.clock.seek(this.clock.end_ms - LIVE_DELAY_MS, this.now());
    }
  }

  #takeRecords(isBackFill: boolean): void {
    if (isBackFill) {
      this.board.restart();
    }
    // A damaged archive may not say how long it is; what there is to see decides.
    if (this.recording.latest_ms > this.clock.end_ms && this.damaged.peek()) {
      this.clock.extend(this.clock.start_ms, this.recording.latest_ms, this.now());
    }
  }

  #takeEnd(isDamaged: boolean): void {
    if (isDamaged) {
      this.damaged.value = true;
      this.#takeRecords(false);
    }
  }

  #fail(sentence: string): void {
    // What is already there goes on playing; only a recording that never came is an error.
    if (this.manifest.peek() === null) {
      this.failure.value = sentence;
      this.phase.value = 'error';
    } else {
      this.recording.complete();
      this.damaged.value = true;
    }
  }

  #takeReach(isReached: boolean): void {
    if (isReached && this.offline.peek()) {
      this.tracks.revive();
    }
    this.offline.value = !isReached;
  }

  #loop(): void {
    this.#frame = requestAnimationFrame(() => {
      this.tick();
      this.#loop();
    });
  }
}

/** Whether there is a place for pictures of people. */
function isSeen({ tiles, soundOnly }: ViewChoice): boolean {
  return tiles && !soundOnly;
}
