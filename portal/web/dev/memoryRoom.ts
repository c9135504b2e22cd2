/**
 * A room without a network, for looking at the classroom while developing: real documents, invented company.
 * Not part of the build.
 */

import { Doc } from 'yjs';
import type { LivePeer } from '../src/board/livePeers';
import type {
  Connection,
  Cuts,
  LessonInfo,
  LocalMedia,
  Participant,
  Person,
  RoomLive,
  RoomSession,
  SaveState,
} from '../src/classroom/room';
import { parseAsset } from '../src/core/assets';
import { Board } from '../src/core/board';
import { type Bytes, formatHex } from '../src/core/bytes';
import { Chat } from '../src/core/chat';
import { MAIN_PAGE, type PageId, type Role, type SessionId, type UserId } from '../src/core/ids';
import { NO_PRESENCE, type Presence } from '../src/core/presence';
import { PALETTE } from '../src/core/shape';
import { Stage } from '../src/core/stage';
import type { Me, SessionEvents } from '../src/net/contract';

const ME = '00000000000000aa' as SessionId;

export interface Guest {
  readonly name: string;
  readonly role: Role;
  readonly presence?: Partial<Presence>;
}

type Listeners = { [Name in keyof SessionEvents]?: Set<(value: SessionEvents[Name]) => void> };

export class MemoryRoom implements RoomSession {
  readonly board: Board;
  readonly stage = new Stage(new Doc());
  readonly chat = new Chat(new Doc());
  readonly me: Me;
  saveState: SaveState = { kind: 'saved', unacked: 0 };
  connection: Connection = { relay: 'online', relayRttMs: 18, peers: [] };
  cuts: Cuts = { relay: false, mesh: false };
  readonly livePeers = new Map<SessionId, LivePeer>();
  private readonly listeners: Listeners = {};
  private people: Participant[] = [];
  private readonly desks = new Map<UserId, Board>();

  constructor(
    readonly info: LessonInfo,
    guests: readonly Guest[],
    doc = new Doc(),
  ) {
    this.board = new Board(doc);
    const { name, role, user } = info.me;
    const colour = PALETTE.participants[0] ?? '#1f7a63';
    this.me = { session: ME, user: user as UserId, name, role, colour, caps: new Set() };
    this.people.push({ ...this.me, ...HERE, presence: { ...NO_PRESENCE, page: MAIN_PAGE }, isMe: true });
    for (const guest of guests) {
      this.enter(guest);
    }
    this.board.setAuthor(ME);
    this.chat.setAuthor(ME);
    this.stage.writable = role === 'tutor' || role === 'coordinator';
  }

  enter(guest: Guest): SessionId {
    const n = this.people.length;
    const session = n.toString(16).padStart(16, '0') as SessionId;
    const presence = { ...NO_PRESENCE, page: MAIN_PAGE, mic: true, cam: n < 3, ...guest.presence };
    const colour = PALETTE.participants[n % PALETTE.participants.length] ?? '#1f7a63';
    const user = guest.name.toLowerCase().replaceAll(' ', '-') as UserId;
    const { name, role } = guest;
    this.people.push({ session, user, name, role, colour, ...HERE, joinedMs: n, presence, isMe: false });
    const others = this.people.filter((person) => !person.isMe);
    const peers = others.map((person) => ({
      session: person.session,
      path: 'mesh' as const,
      rttMs: 24,
      state: 'up' as const,
    }));
    this.connection = { ...this.connection, peers };
    this.emit('participants', this.people);
    return session;
  }

  now(): number {
    return Date.now();
  }

  roomMs(): number {
    return 0;
  }

  on<Name extends keyof SessionEvents>(event: Name, listener: (value: SessionEvents[Name]) => void): () => void {
    const set = (this.listeners[event] ?? new Set()) as Set<(value: SessionEvents[Name]) => void>;
    (this.listeners as Record<string, unknown>)[event] = set;
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof SessionEvents>(event: Name, value: SessionEvents[Name]): void {
    for (const listener of (this.listeners[event] ?? []) as Set<(value: SessionEvents[Name]) => void>) {
      listener(value);
    }
  }

  participants(): readonly Participant[] {
    return this.people;
  }

  person(session: SessionId): Person | null {
    return this.people.find((person) => person.session === session) ?? null;
  }

  setPresence(patch: Partial<Presence>): void {
    this.people = this.people.map((person) =>
      person.isMe ? { ...person, presence: { ...person.presence, ...patch } } : person,
    );
    this.emit('participants', this.people);
  }

  private readonly pictures = new Map<string, Bytes>();
  readonly assets: RoomSession['assets'] = {
    put: async (data) => {
      const id = parseAsset(formatHex(new Uint8Array(await crypto.subtle.digest('SHA-256', data))));
      this.pictures.set(id, data);
      return id;
    },
    get: async (text) => {
      const data = this.pictures.get(text);
      if (!data) throw new Error('nobody has it');
      return { id: parseAsset(text), mime: 'image/png', data };
    },
  };

  readonly live: RoomLive = {
    begin: () => undefined,
    extend: () => undefined,
    end: () => undefined,
    cursor: () => undefined,
    hideCursor: () => undefined,
    peer: (session) => this.livePeers.get(session) ?? { cursor: null, stroke: null },
    sessions: () => [...this.livePeers.keys()],
  };

  setLive(session: SessionId, peer: LivePeer): void {
    this.livePeers.set(session, peer);
    this.emit('live', { session });
  }

  setSave(state: SaveState): void {
    this.saveState = state;
    this.emit('save', state);
  }

  setLocalMedia(): void {}

  remoteMedia(): LocalMedia {
    return { audio: null, video: null };
  }

  cut(cuts: Partial<Cuts>): void {
    this.cuts = { ...this.cuts, ...cuts };
    const relay = this.cuts.relay ? 'offline' : 'online';
    const path = this.cuts.mesh ? (this.cuts.relay ? 'none' : 'relay') : 'mesh';
    const peers = this.connection.peers.map((peer) => ({ ...peer, path: path as 'mesh' | 'relay' | 'none' }));
    this.connection = { ...this.connection, relay, relayRttMs: this.cuts.relay ? null : 18, peers };
    this.emit('connection', this.connection);
    this.setSave(this.cuts.relay ? { kind: 'offline', unacked: 3 } : { kind: 'saved', unacked: 0 });
  }

  retry(): void {}

  readonly pressed: string[] = [];
  readonly removed: string[] = [];

  async pressAlert(reason: string): Promise<void> {
    this.pressed.push(reason);
    this.emit('alert', 'sending');
  }

  async removePerson(user: UserId): Promise<void> {
    this.removed.push(user);
  }

  async readmitPerson(user: UserId): Promise<void> {
    this.removed.splice(this.removed.indexOf(user), 1);
  }

  flush(): void {}

  async close(): Promise<void> {}

  diagnostics(): ReturnType<RoomSession['diagnostics']> {
    const acked = this.cuts.relay ? 39 : 42;
    return {
      heads: () => ({ [`${ME}/board`]: { seq: 42, acked, relay: acked, hash: '' } }),
      unacked: () => 42 - acked,
      parked: () => 0,
      clocks: () => ({ deviceMs: Date.now(), offsetMs: 0 }),
      relay: () => ({ state: this.connection.relay, rttMs: this.connection.relayRttMs }),
      links: () => ({}),
      participants: () => [],
      shapeCount: () => this.board.pages().reduce((sum, page) => sum + this.board.shapes(page.id).length, 0),
      boardContent: () => '',
    };
  }

  desk(user: UserId): Board {
    const known = this.desks.get(user) ?? new Board(new Doc());
    this.desks.set(user, known);
    known.setAuthor(ME);
    return known;
  }

  /** Puts something on the board as somebody else would. */
  asGuest(session: SessionId, act: (board: Board) => void): void {
    this.board.setAuthor(session);
    act(this.board);
    this.board.setAuthor(ME);
  }
}

const HERE = { agent: 'browser' as const, joinedMs: 0, caps: new Set<never>() };

export type { PageId };
