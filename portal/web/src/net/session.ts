/**
 * A lesson as the page sees it: documents to draw on, people, and one object that keeps all of it together over
 * relay, mesh and this device's storage.
 *
 * Without the portal at the start a page shows the board of this device read-only: a ticket needs a key, and a key
 * writes for its own page only. With the portal but without the relay it draws under its new ticket, keeps the
 * envelopes, and uploads them later. A page that loses both goes on under the ticket that it has (T3).
 */
import type { Board } from '../core/board';
import { Chat } from '../core/chat';
import { CloseCode, SetupError } from '../core/errors';
import { asRoomId, BOARD, CHAT, type DocRef, desk, type SessionId, STAGE, type UserId } from '../core/ids';
import { type KeySet, loadJwks, randomClientId, SessionKey } from '../core/keys';
import { LIMITS } from '../core/limits';
import type { Message } from '../core/messages';
import { mayShow, mayWrite } from '../core/policy';
import type { Presence } from '../core/presence';
import { Replica } from '../core/replica';
import { Stage } from '../core/stage';
import type { Ticket } from '../core/ticket';
import { Admission, type Admitted } from './admission';
import { Boards } from './boards';
import { connectionOf } from './connection';
import type { Connection, Cuts, LessonOptions, Me, SessionEvents } from './contract';
import { type Diagnostics, diagnose } from './diagnostics';
import { Emitter } from './emitter';
import { Exchange, type Party } from './exchange';
import { LessonAlerts } from './lessonAlerts';
import { LessonAssets } from './lessonAssets';
import { LessonLive } from './lessonLive';
import { iceConfig, makeMesh } from './lessonMesh';
import { lookUp } from './lookUp';
import { type LocalMedia, NO_MEDIA } from './media';
import type { Mesh } from './mesh';
import type { Participant, Person } from './people';
import { Persistence } from './persist';
import { HttpPortal, type LessonInfo, type Portal } from './portal';
import { Recovery } from './recovery';
import { RevocationDesk } from './revocations';
import { Roster } from './roster';
import { type SaveState, SaveTracker, unackedOf } from './save';
import { openWebSocket, SessionSocket } from './socket';
import type { LessonIndex, RoomStore } from './store';
import { RoomTalk } from './talk';

export type * from './contract';
export { PortalError } from './portal';

const CONNECTION_EVERY_MS = 1_000;
/** Not 1000: the relay is to take a cut for a broken line, not for somebody who leaves. */
const CUT_CODE = 4000;

export class LessonSession {
  readonly board: Board;
  readonly stage: Stage;
  readonly chat: Chat;
  /** Pictures of the room by their hash. */
  readonly assets: LessonAssets;
  readonly live: LessonLive['room'];
  private readonly events = new Emitter<SessionEvents>();
  private readonly boards: Boards;
  private readonly roster: Roster;
  private readonly lively: LessonLive;
  private readonly socket: SessionSocket;
  private readonly revocations: RevocationDesk;
  private readonly alerts: LessonAlerts;
  private readonly exchange: Exchange;
  private readonly talk: RoomTalk;
  private readonly save: SaveTracker;
  private readonly admission: Admission;
  private readonly replica: Replica;
  private readonly persistence: Persistence | null;
  private readonly recovery: Recovery | null;
  private mesh: Mesh | null = null;
  private own: Admitted | null = null;
  private loaded: boolean;
  private media: LocalMedia = NO_MEDIA;
  private readonly remote = new Map<SessionId, LocalMedia>();
  private cutting: Cuts = { relay: false, mesh: false };
  private flushTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly connectionTimer: ReturnType<typeof setInterval>;
  private lastConnection = '';
  private isForgetful = false;

  private constructor(
    readonly info: LessonInfo,
    private readonly options: LessonOptions,
    key: SessionKey,
    private readonly portal: Portal,
    private readonly index: LessonIndex | null,
    store: RoomStore | null,
    keys: KeySet | null,
  ) {
    this.loaded = false;
    this.replica = new Replica(asRoomId(info.room), randomClientId(), keys ?? new Map(), {
      persist: (envelope) => this.persistence?.own(envelope) ?? Promise.resolve(),
      authored: (envelope) => this.exchange.authored(envelope),
      edited: (ref, update, urgent) => {
        this.persistence?.journal?.edited(ref, update, this.now());
        this.edited(urgent);
      },
      numbered: (ref, parts) => this.persistence?.journal?.numbered(ref, parts),
    });
    this.persistence = store === null ? null : new Persistence(store, this.replica, () => this.storageFailed());
    this.recovery = Recovery.ofPage(store, info.me.user, this.replica, {
      now: this.now,
      loadOthers: () => this.talk.bringOthers(),
      recovered: (events) => this.exchange.bring(events),
      failed: () => this.storageFailed(),
    });
    this.boards = new Boards(
      (ref) => this.replica.doc(ref),
      ({ user }, shapes) => this.lively.settle(shapes, user),
    );
    this.board = this.boards.get(BOARD);
    this.stage = new Stage(this.replica.doc(STAGE));
    this.chat = new Chat(this.replica.doc(CHAT));
    this.admission = new Admission(portal, key, (admitted, renewed) => this.admitted(key, admitted, renewed), this.now);
    this.socket = new SessionSocket({
      credentials: (renew) => this.admission.credentials(renew),
      have: () => this.exchange.helloHave(),
      control: (control) => {
        this.assets.told(control, this.own?.grant.relay_url);
        this.talk.receive(control);
      },
      message: (message) => this.receive('relay', message),
      state: () => this.relayChanged(),
      stopped: (code, reason) => this.events.emit('stopped', { code, reason }),
      connect: options.connect ?? openWebSocket,
    });
    this.assets = new LessonAssets(info.room, info.me.user, store !== null, () => this.mesh);
    this.revocations = new RevocationDesk(this.replica, {
      toRelay: (message) => void this.socket.send(message),
      toLinks: (message) => this.mesh?.broadcastSync(message),
      out: (session) => this.putOut(session),
      breach: (session) => this.mesh?.breach(session),
    });
    this.alerts = new LessonAlerts({
      ...{ portal, key, replica: this.replica, socket: this.socket, now: this.now, own: () => this.own },
      mesh: () => this.mesh,
      changed: (state) => this.events.emit('alert', state),
    });
    const own = (): Ticket | null => this.own?.ticket ?? null;
    this.exchange = new Exchange(own, this.replica, this.socket, this.persistence, this.revocations, {
      now: this.now,
      ticket: (ticket) => this.roster.people.know(ticket),
      progress: () => this.save.update(),
      refused: (session, code, reason) => this.events.emit('refused', { session, code, reason }),
      equivocation: (session) => this.events.emit('equivocation', { session }),
      synced: () => this.events.emit('synced', {}),
      rebuild: (doc) => this.rebuild(doc),
      out: (session) => this.putOut(session),
    });
    this.roster = new Roster({
      relayOnline: () => this.socket.state === 'online',
      changed: (list) => this.events.emit('participants', list),
      presence: (session, presence) => this.events.emit('presence', { session, presence }),
      absent: (session) => this.lively.forget(session),
      gone: (session) => {
        this.mesh?.remove(session);
        this.remote.delete(session);
      },
      sendPresence: (version, json) => this.sendPresence(version, json),
    });
    this.talk = new RoomTalk(this.replica, this.exchange, this.roster, this.persistence, this.revocations, {
      now: this.now,
      own: () => this.own?.ticket.session ?? null,
      mesh: () => this.mesh,
      room: (state) => this.events.emit('room', state),
      equivocation: (session) => this.events.emit('equivocation', { session }),
      storageFailed: () => this.storageFailed(),
    });
    this.lively = new LessonLive(this.replica, this.socket, {
      own: () => this.own?.ticket ?? null,
      mesh: () => this.mesh,
      present: () => this.roster.people.presentSessions(),
      exists: (id, doc) => this.boards.get(doc).shape(id) !== null,
      changed: (session) => this.events.emit('live', { session }),
    });
    this.live = this.lively.room;
    // The relay has brought what an earlier page's last edits build on.
    this.events.on('synced', () => this.recovery?.look());
    this.save = new SaveTracker(
      () => this.unacked(),
      () => this.socket.state,
      (state) => this.events.emit('save', state),
    );
    this.connectionTimer = setInterval(() => {
      this.lively.expire();
      this.connectionChanged();
    }, CONNECTION_EVERY_MS);
    globalThis.addEventListener?.('pagehide', this.flush);
  }

  /** Resolves once the board of this device is loaded; does not wait for the relay. Rejects with PortalError or SetupError. */
  static async open(options: LessonOptions): Promise<LessonSession> {
    const portal = options.portal ?? new HttpPortal(options.lesson, options.csrf ?? '', options.base ?? '');
    const key = await SessionKey.generate();
    const { info, index, keys, store } = await lookUp(portal, options.lesson);
    const session = new LessonSession(info, options, key, portal, index, store, keys);
    await session.start(keys !== null);
    return session;
  }

  private async start(hasKeys: boolean): Promise<void> {
    // A portal that is away or says no is heard again, and told, by the socket's first try.
    await this.admission.ask().catch((error: unknown) => {
      if (error instanceof SetupError) throw error;
    });
    if (this.persistence === null) this.storageFailed();
    if (hasKeys) await this.load();
    this.socket.start();
    this.save.update();
  }

  private async load(): Promise<void> {
    if (this.loaded) return;
    this.loaded = true;
    try {
      this.exchange.handle((await this.persistence?.load(this.now())) ?? [], false);
    } catch {
      this.storageFailed();
    }
    for (const ticket of this.replica.tickets.values()) this.roster.people.know(ticket);
    this.recovery?.look();
  }

  /** First ticket: this page may write. Later ones: it may come back. */
  private async admitted(key: SessionKey, admitted: Admitted, renewed: boolean): Promise<void> {
    const { grant, ticket } = admitted;
    this.replica.setKeys(await loadJwks(grant.jwks));
    await this.load();
    await this.replica.admitTicket(ticket.token, this.now());
    if (!renewed && this.persistence) this.persistence.journal = (await this.recovery?.begin(ticket, key)) ?? null;
    this.own = admitted;
    this.replica.setOwn({ ticket, sign: key.sign });
    this.persistence?.ticket(ticket.session, ticket.token);
    void this.index?.put(this.options.lesson, this.info, grant.jwks).catch(() => undefined);
    this.roster.people.know(ticket);
    this.applyRights();
    if (renewed) {
      this.socket.sendText({ t: 'renew', ticket: grant.ticket });
      this.mesh?.configure(iceConfig(grant));
    } else {
      this.mesh = this.makeMesh(key, admitted);
      this.mesh.setLocalMedia(this.media);
      this.exchange.mesh = this.mesh;
      this.roster.mesh = this.mesh;
      this.roster.become(ticket.session, this.now());
    }
    this.events.emit('me', this.me);
  }

  private makeMesh(key: SessionKey, admitted: Admitted): Mesh {
    const { socket, exchange, roster, assets } = this;
    return makeMesh(key, admitted, {
      ...{ socket, exchange, roster, assets },
      createPeer: this.options.createPeer,
      receive: (from, message) => this.receive(from, message),
      changed: () => this.connectionChanged(),
      track: (session, kind, track) => {
        this.remote.set(session, { ...(this.remote.get(session) ?? NO_MEDIA), [kind]: track });
        this.events.emit('media', { session, kind, track });
      },
    });
  }

  private applyRights(): void {
    const ticket = this.own?.ticket ?? null;
    const out = ticket !== null && this.replica.isRevoked(ticket.session);
    const author = (ref: DocRef): SessionId | null => (ticket && !out && mayWrite(ticket, ref) ? ticket.session : null);
    this.boards.setAuthor(author);
    this.chat.setAuthor(author(CHAT));
    this.stage.writable = author(STAGE) !== null;
  }

  // From the relay and the peers

  /** Somebody may not be here any more; if it is we, nothing of ours would be taken. */
  private putOut(session: SessionId): void {
    this.roster.remove(session);
    if (session !== this.own?.ticket.session) return;
    this.boards.setAuthor(() => null);
    this.chat.setAuthor(null);
    this.stage.writable = false;
    // With a relay it is the relay that says so, as it closes.
    if (this.socket.state !== 'online') this.events.emit('stopped', { code: CloseCode.revoked, reason: '' });
  }

  /** Staff: puts a person out. Everybody hears it from here too, should the relay be away. Rejects with PortalError. */
  async removePerson(user: UserId, reason?: string): Promise<void> {
    const { token } = await this.portal.remove(user, reason);
    await this.putOutBy(token);
  }

  /** Lets in again who was put out; they open the lesson anew. */
  async readmitPerson(user: UserId): Promise<void> {
    await this.portal.readmit(user);
  }

  /** A revocation that the portal signed: it goes to everybody from here. Rejects with TicketError (T5). */
  async putOutBy(token: string): Promise<readonly SessionId[]> {
    return this.revocations.honour(token);
  }

  /** Staff and observers: calls the people on duty. What becomes of it comes as 'alert'. */
  readonly pressAlert = (reason: string): Promise<void> => this.alerts.press(reason);

  private receive(from: Party, message: Message): void {
    if (message.type === 'ALERT') this.exchange.afterTickets(() => this.alerts.brought(from, message));
    else if (message.type === 'PRESENCE') {
      if (mayShow(this.replica.tickets.get(message.session)))
        this.roster.receive(message.session, message.version, message.json);
    } else if (message.type === 'LIVE') {
      this.lively.receive(message.live);
    } else this.exchange.receive(from, message);
  }

  private relayChanged(): void {
    this.save.update();
    this.connectionChanged();
  }

  /** Quota, private mode: work goes on, and is as safe as the relay makes it. */
  private storageFailed(): void {
    this.isForgetful = true;
    this.events.emit('storage', { failed: true });
  }

  private rebuild(doc: DocRef): void {
    void this.persistence?.dropDocument(doc);
    this.events.emit('rebuild', { doc: doc.text });
  }

  // To the relay and the peers

  private edited(urgent: boolean): void {
    this.save.update();
    if (urgent) queueMicrotask(this.flush);
    else this.flushTimer ??= setTimeout(this.flush, LIMITS.batch_ms);
  }

  /** Seals what was drawn, now. */
  readonly flush = (): void => {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    this.replica.flushLocal(this.now()).catch((error: unknown) => {
      const { session } = this.own?.ticket ?? {};
      // Our own edit broke a rule of ours: nothing after it can be sent under this session.
      if (session !== undefined) this.events.emit('refused', { session, code: 0, reason: String(error) });
    });
  };

  private sendPresence(version: number, json: Uint8Array<ArrayBuffer>): void {
    const ticket = this.own?.ticket;
    if (!ticket?.caps.has('presence')) return;
    const message: Message = { type: 'PRESENCE', session: ticket.session, version, json };
    this.socket.send(message);
    this.mesh?.broadcastSync(message);
  }

  // For the page

  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void {
    const stop = this.events.on(event, listener);
    // It fails while the page is being opened, when nobody listens yet.
    if (event === 'storage' && this.isForgetful) this.storageFailed();
    return stop;
  }

  /** The room's clock, unix ms (E10). */
  readonly now = (): number => Math.round(Date.now() + (this.socket?.offsetMs ?? 0));

  /** Session time of the room, as the recorder counts it; null before the first welcome. */
  roomMs(): number | null {
    return this.talk.roomMs(this.now());
  }

  get me(): Me | null {
    const ticket = this.own?.ticket;
    const person = ticket === undefined ? null : this.roster.people.person(ticket.session);
    return ticket === undefined || person === null ? null : { ...person, caps: ticket.caps };
  }

  desk(user: UserId): Board {
    const board = this.boards.get(desk(user));
    this.applyRights();
    return board;
  }

  participants(): readonly Participant[] {
    return this.roster.people.participants();
  }

  person(session: SessionId): Person | null {
    return this.roster.people.person(session);
  }

  setPresence(patch: Partial<Presence>): void {
    this.roster.set(patch);
  }

  get saveState(): SaveState {
    return this.save.state;
  }

  private unacked(): number {
    return unackedOf(this.replica, this.info.me.user);
  }

  get connection(): Connection {
    return connectionOf(this.socket, this.roster, this.mesh);
  }

  private connectionChanged(): void {
    const { connection } = this;
    const text = JSON.stringify(connection);
    if (text === this.lastConnection) return;
    this.lastConnection = text;
    this.events.emit('connection', connection);
  }

  setLocalMedia(media: LocalMedia): void {
    this.media = media;
    this.mesh?.setLocalMedia(media);
  }

  remoteMedia(session: SessionId): LocalMedia {
    return this.remote.get(session) ?? NO_MEDIA;
  }

  get cuts(): Cuts {
    return this.cutting;
  }

  /** The demo's "break my network": really closes the transports, and mends them. */
  cut(cuts: Partial<Cuts>): void {
    this.cutting = { ...this.cutting, ...cuts };
    if (this.cutting.relay) this.socket.stop(CUT_CODE);
    else this.socket.start();
    this.mesh?.cut(this.cutting.mesh);
    this.connectionChanged();
  }

  /** After `stopped`: once more. */
  retry(): void {
    this.socket.retry();
  }

  diagnostics(): Diagnostics {
    return diagnose(
      this.replica,
      this.socket,
      () => this.mesh,
      () => this.participants(),
      () => this.unacked(),
    );
  }

  async close(): Promise<void> {
    globalThis.removeEventListener?.('pagehide', this.flush);
    this.flush();
    await this.replica.flushed();
    this.live.close();
    clearInterval(this.connectionTimer);
    this.admission.close();
    this.alerts.close();
    this.exchange.close();
    this.roster.close();
    this.mesh?.close();
    this.socket.stop();
    this.save.close();
    await this.assets.close();
    await this.recovery?.end();
    await this.persistence?.close();
    this.index?.close();
    this.events.clear();
  }

  /** Closes, and deletes this device's copy of the room. */
  async forget(): Promise<void> {
    await this.index?.remove(this.options.lesson).catch(() => undefined);
    await this.close();
    this.recovery?.clear();
    await this.persistence?.clear();
    await this.assets.forget();
  }
}
