/** Names of things: sessions, documents, shapes (board.md "Ids", protocol.md section D). */
import { malformed } from './errors';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type SessionId = Branded<'session'>;
export type UserId = Branded<'user'>;
export type RoomId = Branded<'room'>;
export type ShapeId = Branded<'shape'>;
export type PageId = Branded<'page'>;
export type MessageId = Branded<'message'>;

export const ROLES = ['tutor', 'student', 'coordinator', 'reviewer', 'recorder', 'bot'] as const;
export type Role = (typeof ROLES)[number];
export const CAPABILITIES = ['board', 'stage', 'chat', 'media', 'presence', 'desk'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export const isRole = (value: unknown): value is Role => ROLES.includes(value as Role);
export const isCapability = (value: unknown): value is Capability => CAPABILITIES.includes(value as Capability);
export const isStaff = (role: Role): boolean => role === 'tutor' || role === 'coordinator';

const SESSION = /^[0-9a-f]{16}$/;
export const isSessionId = (text: string): text is SessionId => SESSION.test(text);

export function asSessionId(text: string): SessionId {
  if (!isSessionId(text)) throw malformed('session id');
  return text;
}

export const asUserId = (text: string): UserId => text as UserId;
export const asRoomId = (text: string): RoomId => text as RoomId;

/** The page that exists without being written. */
export const MAIN_PAGE = 'main' as PageId;

export type DocKind = 'board' | 'stage' | 'chat' | 'desk';

/** One document of a room. Compare by `text`: `board`, `stage`, `chat`, `desk/<user>`. */
export interface DocRef {
  readonly kind: DocKind;
  readonly user: UserId | null;
  readonly text: DocText;
}
export type DocText = Branded<'doc'>;

const plain = (kind: Exclude<DocKind, 'desk'>): DocRef => ({ kind, user: null, text: kind as string as DocText });
export const BOARD: DocRef = plain('board');
export const STAGE: DocRef = plain('stage');
export const CHAT: DocRef = plain('chat');
export const desk = (user: UserId): DocRef => ({ kind: 'desk', user, text: `desk/${user}` as DocText });

export function parseDocRef(text: string): DocRef {
  if (text === 'board') return BOARD;
  if (text === 'stage') return STAGE;
  if (text === 'chat') return CHAT;
  if (text.startsWith('desk/') && text.length > 5) return desk(asUserId(text.slice(5)));
  throw malformed('document name');
}

/** `<session>-<n in base 36>`: shapes, pages and messages alike. */
export const formatItemId = (session: SessionId, n: number): string => `${session}-${n.toString(36)}`;

const ITEM = /^([0-9a-f]{16})-([1-9a-z][0-9a-z]{0,9})$/;
const MOST_DIGITS = 10;

/** The writer and number in an id, or null when it was not made that way. */
export function parseItemId(id: string): { session: SessionId; n: number } | null {
  const match = ITEM.exec(id);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { session: match[1] as SessionId, n: Number.parseInt(match[2], 36) };
}

const SESSION_LENGTH = 16;
const HYPHEN = 45;
let lastAuthor = '' as SessionId;

/** Rule P6: the session in the key is the author. Shapes of one author, tens of thousands, share one text of it. */
export function shapeAuthor(id: string): SessionId | null {
  if (id.startsWith(lastAuthor) && isNumberAfter(id, lastAuthor.length)) return lastAuthor;
  const author = parseItemId(id)?.session ?? null;
  if (author !== null) lastAuthor = author;
  return author;
}

/** Whether a hyphen and a number of `ITEM` follow an author, and nothing else. */
function isNumberAfter(id: string, at: number): boolean {
  const digits = id.length - at - 1;
  if (at !== SESSION_LENGTH || id.charCodeAt(at) !== HYPHEN || digits < 1 || digits > MOST_DIGITS) return false;
  for (let i = at + 1; i < id.length; i++) {
    const letter = id.charCodeAt(i);
    const isDigit = letter >= 48 && letter <= 57;
    if (!isDigit && (letter < 97 || letter > 122)) return false;
  }
  return id.charCodeAt(at + 1) !== 48;
}
