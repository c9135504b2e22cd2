/**
 * Own edits that are not in an envelope on this device yet, written down in the task that makes them (E11).
 *
 * Signing and IndexedDB answer later, and a page that is loaded again or killed does not live to see it. localStorage
 * is the one store that takes a value before the next line runs; what it took outlives the page. The next page of
 * this device seals what it finds, under the number and with the bytes that are written here (net/recovery.ts).
 */
import { formatBase64Url, parseBase64Url } from '../core/bytes';
import { ProtocolError } from '../core/errors';
import { type DocRef, type DocText, parseDocRef, type SessionId } from '../core/ids';
import type { StreamSeq } from '../core/messages';
import type { Part } from '../core/replica';
import { UNCUT } from '../core/ysplit';
import { scanUpdate } from '../core/yupdate';

/** Of one session, in characters. Seconds of the busiest drawing; it holds more only where IndexedDB takes nothing. */
const MOST_CHARS = 1_000_000;
const VERSION = '1';

/** `raw`: not merged with its neighbours yet; `seq` is then the number that the first part of the merged edit gets. */
export interface JournalLine extends Part {
  readonly raw: boolean;
}

export type JournalStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

interface Kept {
  readonly line: JournalLine;
  readonly text: string;
}

export const journalPrefix = (room: string, user: string): string => `chalkmesh.journal/${room}/${user}/`;

const formatLine = ({ raw, doc, seq, authoredMs, update }: JournalLine): string =>
  `${raw ? 'r' : 'n'} ${seq} ${authoredMs} ${encodeURIComponent(doc.text)} ${formatBase64Url(update)}\n`;

/** null: damaged. Whatever follows it in its document cannot be sealed. */
function parseLine(text: string): JournalLine | null {
  const [kind, seq, authoredMs, doc, update, ...rest] = text.split(' ');
  if (update === undefined || doc === undefined || rest.length > 0 || (kind !== 'r' && kind !== 'n')) return null;
  const numbers = [Number(seq), Number(authoredMs)] as const;
  if (!numbers.every((value) => Number.isSafeInteger(value) && value > 0)) return null;
  try {
    const bytes = parseBase64Url(update);
    scanUpdate(bytes, UNCUT);
    const ref = parseDocRef(decodeURIComponent(doc));
    return { raw: kind === 'r', seq: numbers[0], authoredMs: numbers[1], doc: ref, update: bytes };
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof URIError) return null;
    throw error;
  }
}

export class Journal {
  private lines: Kept[] = [];
  private readonly given = new Map<DocText, number>();
  private readonly key: string;

  constructor(
    private readonly storage: JournalStorage,
    room: string,
    user: string,
    readonly session: SessionId,
  ) {
    this.key = journalPrefix(room, user) + session;
    const [version, ...lines] = (storage.getItem(this.key) ?? '').split('\n');
    for (const text of version === VERSION ? lines : []) {
      const line = text === '' ? null : parseLine(text);
      if (line !== null) this.lines.push({ line, text: `${text}\n` });
    }
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  /** In the order of their numbers; of one document those with `raw` last. */
  all(): readonly JournalLine[] {
    return this.lines.map(({ line }) => line);
  }

  /** An edit was made. */
  edited(doc: DocRef, update: Part['update'], authoredMs: number): void {
    const seq = (this.given.get(doc.text) ?? 0) + 1;
    this.add([{ raw: true, doc, seq, authoredMs, update }]);
    this.write();
  }

  /** All that was edited in `doc` until now has become these parts. */
  numbered(doc: DocRef, parts: readonly Part[]): void {
    this.lines = this.lines.filter(({ line }) => !line.raw || line.doc.text !== doc.text);
    this.given.set(doc.text, parts.at(-1)?.seq ?? this.given.get(doc.text) ?? 0);
    this.add(parts.map((part) => ({ ...part, raw: false })));
    this.write();
  }

  /** It is safe elsewhere. */
  kept({ doc, seq }: Pick<StreamSeq, 'doc' | 'seq'>): void {
    this.drop(({ line }) => line.doc.text === doc.text && line.seq === seq);
  }

  /** The relay has all of it up to there, whether or not this device kept it. */
  acked(entries: readonly StreamSeq[]): void {
    for (const { doc, session, seq } of entries) {
      if (session === this.session) this.drop(({ line }) => line.doc.text === doc.text && line.seq <= seq);
    }
  }

  private add(lines: readonly JournalLine[]): void {
    for (const line of lines) this.lines.push({ line, text: formatLine(line) });
  }

  private drop(gone: (kept: Kept) => boolean): void {
    const left = this.lines.filter((kept) => kept.line.raw || !gone(kept));
    if (left.length === this.lines.length) return;
    this.lines = left;
    this.write();
  }

  /**
   * All in one value, so that no state in between can be found. Always from the first line on without a gap: what
   * comes after a missing line could be taken for it. Where there is no space, edits are as safe as without a journal,
   * that is once they are sealed; the next write tries again with all that is left.
   */
  private write(): void {
    // An older value would tell of edits as they are no more. Taking it away needs no space.
    if (!this.put(this.format())) this.put('');
  }

  private put(text: string): boolean {
    try {
      if (text === '') this.storage.removeItem(this.key);
      else this.storage.setItem(this.key, text);
      return true;
    } catch {
      return false;
    }
  }

  private format(): string {
    if (this.lines.length === 0) return '';
    let text = `${VERSION}\n`;
    for (const kept of this.lines) {
      if (text.length + kept.text.length > MOST_CHARS) break;
      text += kept.text;
    }
    return text;
  }
}
