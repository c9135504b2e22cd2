/** The room's public chat: append only, the author is the session in the key (P6). */
import type { Doc, Map as YMap } from 'yjs';
import { edit } from './edit';
import { NotWritable } from './errors';
import { formatItemId, type MessageId, parseItemId, type SessionId } from './ids';
import { cutText } from './text';

/** UTF-16 units. */
export const MAX_MESSAGE = 2_000;

export interface ChatMessage {
  readonly id: MessageId;
  readonly author: SessionId;
  readonly text: string;
  /** Unix ms by the room's clock. */
  readonly at: number;
}

function readMessage(id: string, value: unknown): ChatMessage | null {
  const author = parseItemId(id)?.session;
  if (author === undefined || typeof value !== 'object' || value === null) return null;
  const { text, at } = value as Record<string, unknown>;
  if (typeof text !== 'string' || typeof at !== 'number' || !(at >= 0 && at < 2 ** 53)) return null;
  return { id: id as MessageId, author, text, at: Math.trunc(at) };
}

export class Chat {
  private readonly root: YMap<unknown>;
  private sorted: readonly ChatMessage[] | null = null;
  private author: SessionId | null = null;
  private last = 0;

  constructor(private readonly doc: Doc) {
    this.root = doc.getMap('messages');
    this.root.observe(() => {
      this.sorted = null;
    });
  }

  setAuthor(session: SessionId | null): void {
    if (session === this.author) return;
    this.author = session;
    this.last = Math.max(
      0,
      ...this.messages().map(({ id }) => (session !== null && id.startsWith(session) ? (parseItemId(id)?.n ?? 0) : 0)),
    );
  }

  get writable(): boolean {
    return this.author !== null;
  }

  /** By time, then id. */
  messages(): readonly ChatMessage[] {
    if (this.sorted !== null) return this.sorted;
    const messages: ChatMessage[] = [];
    for (const [id, value] of this.root.entries()) {
      const message = readMessage(id, value);
      if (message !== null) messages.push(message);
    }
    this.sorted = messages.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    return this.sorted;
  }

  post(text: string, nowMs: number): MessageId {
    if (this.author === null) throw new NotWritable('the chat is read-only');
    this.last += 1;
    const id = formatItemId(this.author, this.last) as MessageId;
    // After the newest message known, so that an answer stands below its question on any clock.
    const at = Math.max(nowMs, (this.messages().at(-1)?.at ?? 0) + 1);
    edit(this.doc, true, () => this.root.set(id, { text: cutText(text, MAX_MESSAGE), at }));
    return id;
  }

  onChange(listener: () => void): () => void {
    this.root.observe(listener);
    return () => this.root.unobserve(listener);
  }
}
