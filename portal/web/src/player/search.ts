import type { ShapeId } from '../core/ids';
import { wordsOf } from '../core/shape';
import type { Caption } from './captions';
import type { ChatLine, JournalStep } from './journal';

/** A place in the lesson where something is written. `t_ms`: room time at which it first stood there. */
export interface Moment {
  readonly t_ms: number;
  readonly kind: 'board' | 'chat' | 'spoken';
  /** The author's session; of spoken words the user. */
  readonly session: string;
  readonly text: string;
  /** Where in `text` the words were found. */
  readonly from: number;
  readonly to: number;
}

/** More than this is no answer; the words want to be longer. */
export const MOST_MOMENTS = 50;
/** Characters kept before and after the words found. */
const AROUND = 32;

/**
 * Finds words on the board, in the chat and in captions, whatever their case and accents. A text on the board counts once, from the
 * moment on at which it held the words, though it was typed letter by letter.
 */
export function findMoments(
  query: string,
  steps: readonly JournalStep[],
  chat: readonly ChatLine[],
  captions: readonly Caption[] = [],
): Moment[] {
  const words = fold(query.trim());
  if (words === '') {
    return [];
  }
  const found: Moment[] = [];
  const known = new Set<ShapeId>();
  for (const { t_ms, shapes } of steps) {
    for (const { id, after } of shapes) {
      if (!after || after.erased || known.has(id)) {
        continue;
      }
      const excerpt = excerptOf(wordsOf(after), words);
      if (excerpt) {
        known.add(id);
        found.push({ t_ms, kind: 'board', session: after.author, ...excerpt });
      }
    }
  }
  for (const { t_ms, session, text } of chat) {
    const excerpt = excerptOf(text, words);
    if (excerpt) {
      found.push({ t_ms, kind: 'chat', session, ...excerpt });
    }
  }
  for (const { from_ms, user, text } of captions) {
    const excerpt = excerptOf(text, words);
    if (excerpt) {
      found.push({ t_ms: from_ms, kind: 'spoken', session: user, ...excerpt });
    }
  }
  return found.sort((a, b) => a.t_ms - b.t_ms).slice(0, MOST_MOMENTS);
}

function excerptOf(whole: string, words: string): { text: string; from: number; to: number } | null {
  const text = whole.replace(/\s+/gu, ' ').trim();
  const letters = [...text];
  // Letter by letter, so that places in the folded text are places in the text itself.
  const folded = letters.map(fold);
  const starts: number[] = [];
  let length = 0;
  for (const part of folded) {
    starts.push(length);
    length += part.length;
  }
  const at = folded.join('').indexOf(words);
  if (at < 0) {
    return null;
  }
  const first = starts.findLastIndex((start) => start <= at);
  const last = starts.findLastIndex((start) => start < at + words.length);
  const begin = Math.max(0, first - AROUND);
  const end = Math.min(letters.length, last + 1 + AROUND);
  const before = (begin > 0 ? '…' : '') + letters.slice(begin, first).join('');
  const match = letters.slice(first, last + 1).join('');
  const after = letters.slice(last + 1, end).join('') + (end < letters.length ? '…' : '');
  return { text: before + match + after, from: before.length, to: before.length + match.length };
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLocaleLowerCase();
}

/** Where one step from a place leads among `count` of them, round the ends; null stands before the first. */
export function nextPlace(at: number | null, step: 1 | -1, count: number): number {
  return at === null ? (step > 0 ? 0 : count - 1) : (at + step + count) % count;
}
