/** The session as signals, so that each part of the page renders when its own piece changes. */

import { computed, signal } from '@preact/signals';
import type { CursorMark } from '../board/Cursors';
import type { Box } from '../board/camera';
import type { BoardRoom } from '../board/controller';
import { Lasers } from '../board/lasers';
import type { LiveStroke, Sketch } from '../board/liveLayer';
import { cursorMarks, type LivePlace, liveStrokes } from '../board/livePeers';
import type { Pictures } from '../board/painter';
import { assetsOn } from '../board/picture';
import { PictureCache } from '../board/pictureCache';
import type { BoardSource } from '../board/source';
import type { Bytes } from '../core/bytes';
import type { ChatMessage } from '../core/chat';
import { isStaff, MAIN_PAGE, type PageId, type SessionId, type ShapeId, type UserId } from '../core/ids';
import type { Presence } from '../core/presence';
import type { Page } from '../core/shape';
import type { Spot, StageState } from '../core/stage';
import { t } from '../ui/i18n';
import { toast } from '../ui/toasts';
import { Asks } from './asks';
import { Desks } from './desks/desks';
import { onePerPerson } from './onePerPerson';
import { readTouch, rememberTouch } from './remember';
import type { AlertState, Connection, Cuts, LocalMedia, Participant, RoomSession, SaveState } from './room';
import { type AwaySummary, AwayWatch } from './whileAway';

/** How often the timer and the network panel look at the clock, ms. */
const TICK_MS = 500;
/** How often a leader's view is told, ms. */
const VIEW_MS = 150;

export class RoomStore implements BoardRoom {
  readonly people = signal<readonly Participant[]>([]);
  readonly save = signal<SaveState>({ kind: 'saved', unacked: 0 });
  readonly connection = signal<Connection>({ relay: 'connecting', relayRttMs: null, peers: [] });
  readonly me = signal<RoomSession['me']>(null);
  readonly stageState = signal<StageState>('waiting');
  readonly stagePage = signal<PageId>('main' as PageId);
  readonly startedMs = signal<number | null>(null);
  readonly pages = signal<readonly Page[]>([]);
  readonly messages = signal<readonly ChatMessage[]>([]);
  readonly stopped = signal<{ readonly code: number; readonly reason: string } | null>(null);
  readonly isClosed = signal(false);
  /** What became of this page's own crisis alert; null: none was pressed. */
  readonly alert = signal<AlertState | null>(null);
  /** This page's copy differs from the server's and is to be loaded again. */
  readonly isOutdated = signal(false);
  /** The browser keeps nothing: what is not saved yet goes with the tab. */
  readonly isForgetful = signal(false);
  readonly cursors = signal<readonly CursorMark[]>([]);
  readonly cuts = signal<Cuts>({ relay: false, mesh: false });
  /** What others did while this page was cut off; null when there is nothing to tell, or it was read. */
  readonly missed = signal<AwaySummary | null>(null);
  /** Counts up when somebody's sound or picture changed. */
  readonly mediaVersion = signal(0);
  /** Room clock, unix ms; moves twice a second. */
  readonly clockMs = signal(0);
  readonly page = signal<PageId>('main' as PageId);
  /** Whose view everybody follows; '' for nobody's. */
  readonly leader = signal<SessionId | ''>('');
  /** Where everybody is to look, and whom everybody sees large. */
  readonly spot = signal<Spot | null>(null);
  readonly star = signal<UserId | null>(null);
  /** A student whom the tutor lets only watch for now. */
  readonly isHeld = signal(false);
  readonly held = signal<ReadonlySet<UserId>>(new Set());
  /** The page follows the tutor's until this person turns to another. */
  readonly isFollowing = signal(true);
  /** What of `live` changed is drawn by the board, which sets this. */
  onLive: () => void = () => {};
  /** The board shows the part that the leader sees: set by the board. */
  onView: (box: Box | null) => void = () => {};
  /** A picture came: the board, which sets this, paints it. */
  onPicture: () => void = () => {};
  /** Shapes of a page are to be seen: set by the board too. */
  onPointOut: (page: PageId, ids: readonly ShapeId[]) => void = () => {};

  readonly isStaff = computed(() => {
    const role = this.me.value?.role ?? this.session.info.me.role;
    return role === 'tutor' || role === 'coordinator';
  });
  /** Staff and observers, in a lesson that goes on. */
  readonly mayPressAlert = computed(() => {
    const role = this.me.value?.role;
    return role === 'tutor' || role === 'coordinator' || role === 'reviewer';
  });
  readonly state = computed<StageState>(() => (this.isClosed.value ? 'ended' : this.stageState.value));
  /** A room to try things in: nobody has to start it. */
  readonly isDropIn = computed(() => this.session.info.demo && this.state.value === 'waiting');
  /** Staff prepare the board before the lesson; students write while it is live. */
  readonly mayDraw = computed(() => {
    const hasRight = this.me.value !== null && this.session.board.writable && this.stopped.value === null;
    const isTime = this.isStaff.value || this.isDropIn.value || this.state.value === 'live';
    return hasRight && this.state.value !== 'ended' && isTime && !this.isHeld.value;
  });
  /** Here a moment ago, but neither the server nor a direct link reaches them now. */
  readonly away = computed(() => {
    const peers = this.connection.value.peers.filter((peer) => peer.path === 'none');
    return new Set(peers.map((peer) => peer.session));
  });
  /** Everybody to be named: one line a person. */
  readonly everybody = computed(() => onePerPerson(this.people.value, this.away.value));
  /** People to be seen and heard: the recorder is no one to look at. */
  readonly company = computed(() => this.everybody.value.filter((person) => person.role !== 'recorder'));
  readonly isRecorderHere = computed(() => this.people.value.some((person) => person.role === 'recorder'));
  readonly tutorPages = computed(() => {
    const pages = new Map<PageId, Participant>();
    for (const person of this.company.value) {
      if (isStaff(person.role) && !person.isMe && person.presence.page) {
        pages.set(person.presence.page, person);
      }
    }
    return pages;
  });

  readonly asks: Asks;
  readonly desks: Desks;
  private readonly awayWatch: AwayWatch;
  private readonly trails = new Lasers();
  private atDesk: UserId | null = null;
  private ownView: Presence['view'] = null;
  private viewTimer: ReturnType<typeof setTimeout> | undefined;
  private missedShown = 0;
  private readonly stops: (() => void)[] = [];
  private cutTimer: ReturnType<typeof setTimeout> | undefined;
  private clockTimer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly session: RoomSession) {
    const { lesson, me } = session.info;
    this.asks = new Asks(session);
    this.awayWatch = new AwayWatch(
      session.board,
      (id) => session.person(id),
      me.user as UserId,
      readTouch(lesson, me.user),
    );
    this.readAll();
    this.desks = new Desks(this);
    this.page.value = this.stagePage.value;
    session.setPresence({ page: this.page.value });
    this.clockTimer = setInterval(() => {
      this.clockMs.value = session.now();
      this.beat();
    }, TICK_MS);
    this.stops.push(
      this.desks.at.subscribe((user) => {
        this.atDesk = user;
        this.readLive();
      }),
      session.on('participants', () => this.readPeople()),
      session.on('presence', () => this.readPeople()),
      session.on('live', () => {
        this.awayWatch.heard(session.now());
        this.readLive();
      }),
      session.on('save', (state) => {
        this.save.value = state;
      }),
      session.on('connection', (connection) => {
        const isAnswered = tripsOf(connection) !== tripsOf(this.connection.value);
        this.connection.value = connection;
        this.beat();
        if (isAnswered) {
          this.awayWatch.heard(session.now());
        }
        if (connection.relay === 'online') {
          this.stopped.value = null;
        }
      }),
      session.on('media', () => {
        this.mediaVersion.value += 1;
      }),
      session.on('me', () => this.readAll()),
      session.on('synced', () => this.awayWatch.synced(session.now())),
      session.on('room', (state) => {
        this.isClosed.value = state === 'closed';
      }),
      session.on('stopped', ({ code, reason }) => {
        this.stopped.value = { code, reason };
      }),
      session.on('refused', () =>
        toast(t('The server did not accept a change. It is shown here, but not to the others.')),
      ),
      session.on('rebuild', () => {
        this.isOutdated.value = true;
      }),
      session.on('alert', (state) => {
        this.alert.value = state;
      }),
      session.on('storage', ({ failed }) => {
        this.isForgetful.value = failed;
      }),
      session.on('equivocation', () => this.warnOfEquivocation()),
      session.board.onChange((change) => {
        if (change.pages) {
          this.readPages();
        }
        this.awayWatch.changed(change, session.now());
        if (!change.local) {
          this.awayWatch.heard(session.now());
        }
      }),
      session.stage.onChange(() => this.readStage()),
      session.chat.onChange(() => {
        this.messages.value = session.chat.messages();
      }),
    );
  }

  close(): void {
    clearInterval(this.clockTimer);
    clearTimeout(this.cutTimer);
    clearTimeout(this.viewTimer);
    this.asks.close();
    this.desks.close();
    this.cache.close();
    for (const stop of this.stops) {
      stop();
    }
  }

  /** Turns to a page, away from any desk. Staff take everybody who follows along. */
  turnTo(page: PageId): void {
    this.desks.go(null);
    if (this.isStaff.value && this.session.stage.writable && this.state.value !== 'ended') {
      this.session.stage.set({ page });
    }
    this.isFollowing.value = page === this.session.stage.page;
    this.show(page);
  }

  follow(): void {
    this.isFollowing.value = true;
    this.show(this.stagePage.value);
    this.readView();
  }

  /** Everybody sees what this person sees, until it is ended. */
  setLeading(isLeading: boolean): void {
    const me = this.me.value;
    if (me) {
      this.session.stage.set({ lead: isLeading ? me.session : '' });
      this.tellView();
    }
  }

  get isLeading(): boolean {
    return this.leader.value !== '' && this.leader.value === this.me.value?.session;
  }

  /** What this person sees now, board px; told to the others while leading. */
  sees(view: NonNullable<Presence['view']>): void {
    this.ownView = view;
    if (this.isLeading) {
      this.viewTimer ??= setTimeout(() => this.tellView(), VIEW_MS);
    }
  }

  /** Somebody who is led looks elsewhere. */
  looksAround(): void {
    if (this.leader.value !== '' && !this.isLeading) {
      this.isFollowing.value = false;
    }
  }

  showSpot(spot: Spot | null): void {
    this.session.stage.showSpot(spot);
    this.readSpot();
  }

  hold(user: UserId, isHeld: boolean): void {
    this.session.stage.hold(user, isHeld);
    this.held.value = new Set([...this.held.value].filter((each) => each !== user).concat(isHeld ? [user] : []));
  }

  private tellView(): void {
    clearTimeout(this.viewTimer);
    this.viewTimer = undefined;
    if (this.isLeading && this.ownView) {
      this.session.setPresence({ view: this.ownView });
    }
  }

  /** Goes where the leader looks. */
  private readView(): void {
    const leader = this.leader.value;
    if (leader === '' || this.isLeading || !this.isFollowing.value) {
      return;
    }
    const person = this.people.value.find(({ session, role }) => session === leader && isStaff(role));
    const view = person?.presence.view;
    if (view && view.w > 0 && view.h > 0 && person.presence.page === this.page.value) {
      this.onView({ minX: view.x, minY: view.y, maxX: view.x + view.w, maxY: view.y + view.h });
    }
  }

  /** Shows what was missed, one page after another; nobody else is taken along. */
  showMissed(): void {
    const pages = this.missed.value?.pages ?? [];
    const next = pages[this.missedShown % Math.max(1, pages.length)];
    if (next !== undefined) {
      this.missedShown += 1;
      this.isFollowing.value = next.page === this.session.stage.page;
      this.show(next.page);
      this.onPointOut(next.page, next.ids);
    }
  }

  dismissMissed(): void {
    this.awayWatch.dismiss();
    this.missed.value = null;
    this.missedShown = 0;
  }

  setCuts(cuts: Partial<Cuts>): void {
    this.session.cut(cuts);
    this.cuts.value = { ...this.session.cuts };
  }

  /** Cuts everything and mends it after a time in ms, whatever else is on the page by then. */
  cutBothFor(durationMs: number): void {
    clearTimeout(this.cutTimer);
    this.setCuts({ relay: true, mesh: true });
    this.cutTimer = setTimeout(() => this.setCuts({ relay: false, mesh: false }), durationMs);
  }

  /** Calls the people on duty. It is tried until the school has it, over others if need be. */
  async pressAlert(reason: string): Promise<void> {
    try {
      await this.session.pressAlert(reason);
    } catch (error) {
      // WebCrypto or the ticket failed, not the network: the person must know that nobody was called.
      toast(t('Help could not be called from this page. Use the telephone.'));
      throw error;
    }
  }

  raiseHand(up: boolean): void {
    this.session.setPresence({ hand: up, handMs: up ? this.session.now() : null });
  }

  retry(): void {
    this.stopped.value = null;
    this.session.retry();
  }

  mediaOf(session: SessionId): LocalMedia {
    return this.session.remoteMedia(session);
  }

  // BoardRoom

  private readonly cache = new PictureCache(
    (asset) => this.session.assets.get(asset),
    () => this.onPicture(),
  );
  readonly pictures: Pictures = this.cache.picture;

  /** When the pictures of a page can be painted, or cannot be had now: whether any had to be waited for. */
  readonly whenPictures = (page: PageId, board: BoardSource = this.session.board): Promise<boolean> =>
    this.cache.whenHere(assetsOn(board, page));

  /** Keeps a picture and gives it to whoever asks; returns its hash. */
  keepPicture(data: Bytes): Promise<string> {
    return this.session.assets.put(data);
  }

  get live(): RoomSession['live'] {
    return this.session.live;
  }

  now(): number {
    return this.session.now();
  }

  liveStrokes(page: PageId): readonly LiveStroke[] {
    return liveStrokes(this.session.live, this.session.board, { page, desk: null });
  }

  onRefused(): void {
    toast(t('The board is read-only for you at the moment.'));
  }

  private show(page: PageId): void {
    if (page !== this.page.value) {
      this.page.value = page;
      this.session.setPresence({ page });
      this.readLive();
    }
  }

  /** Whether anybody is reached, for what is told after a time when nobody was. */
  private beat(): void {
    const { relay, peers } = this.connection.value;
    const inTouch = relay === 'online' || peers.some((peer) => peer.path === 'mesh');
    const now = this.session.now();
    this.awayWatch.beat(now, inTouch);
    if (this.awayWatch.takeNews()) {
      this.missed.value = this.awayWatch.summary;
    }
    if (inTouch) {
      rememberTouch(this.session.info.lesson, this.session.info.me.user, now);
    }
  }

  private readAll(): void {
    const { session } = this;
    this.me.value = session.me;
    this.connection.value = session.connection;
    this.messages.value = session.chat.messages();
    this.clockMs.value = session.now();
    this.cuts.value = { ...session.cuts };
    this.readPeople();
    this.readPages();
    this.readStage();
    this.save.value = session.saveState;
  }

  private readPeople(): void {
    this.people.value = [...this.session.participants()];
    this.asks.read(this.people.value);
    this.readHolds();
    this.readLive();
    this.readView();
  }

  lasers(page: PageId, zoom: number): readonly Sketch[] {
    return this.lasersAt({ page, desk: null }, zoom);
  }

  lasersAt(place: LivePlace, zoom: number): readonly Sketch[] {
    return this.trails.sketches(place, zoom);
  }

  private readLive(): void {
    const { session } = this;
    this.trails.read(session.live, (id) => session.person(id)?.colour ?? null);
    const desk = this.atDesk;
    const place = { page: desk === null ? this.page.value : MAIN_PAGE, desk };
    this.cursors.value = cursorMarks(session.live, place, (id) => session.person(id));
    this.onLive();
  }

  private readPages(): void {
    const pages = this.session.board.pages();
    this.pages.value = pages;
    const first = pages[0];
    if (first && !pages.some((page) => page.id === this.page.value)) {
      this.show(first.id);
    }
  }

  private readStage(): void {
    const { stage } = this.session;
    this.stageState.value = stage.state;
    this.startedMs.value = stage.startedMs;
    this.leader.value = stage.lead;
    this.star.value = stage.star;
    this.readSpot();
    this.readHolds();
    const hasTurned = stage.page !== this.stagePage.value;
    this.stagePage.value = stage.page;
    if (hasTurned && this.isFollowing.value) {
      this.show(stage.page);
    }
  }

  private readSpot(): void {
    const spot = this.session.stage.spot;
    if (JSON.stringify(spot) === JSON.stringify(this.spot.value)) {
      return;
    }
    this.spot.value = spot;
    if (!this.isStaff.value) {
      this.show(spot?.page ?? this.page.value);
      this.onView(spot && { minX: spot.x, minY: spot.y, maxX: spot.x + spot.w, maxY: spot.y + spot.h });
    }
  }

  private readHolds(): void {
    const { stage, info } = this.session;
    const held = this.people.value.filter(({ user }) => stage.isHeld(user)).map(({ user }) => user);
    this.held.value = new Set(held);
    this.isHeld.value = !this.isStaff.value && stage.isHeld(info.me.user as UserId);
  }

  private warnOfEquivocation(): void {
    if (this.isStaff.value) {
      toast(t('One participant’s page sent contradicting work and was stopped. Ask them to load the page again.'));
    }
  }
}

/** Round trips: new ones mean that somebody answered. */
const tripsOf = ({ relayRttMs, peers }: Connection): string =>
  [relayRttMs, ...peers.map((peer) => peer.rttMs)].join(' ');
