import { listed, type Phrase, phrase, t, tn } from '../ui/i18n';
import type { PlayerPerson } from './manifest';

/** A stretch that is missing from the recording, room time ms. `session` null: of the whole room. */
export interface Gap {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly kind: 'audio' | 'video' | 'board' | 'picture';
  readonly cause: string;
  readonly session: string | null;
}

/** Shorter than this is heard or seen as a flaw at most. */
const LEAST_GAP_MS = 500;

const CAUSES: Readonly<Record<string, Phrase>> = {
  lost: phrase('it was lost on the way'),
  link: phrase('there was no connection to the recorder'),
  recorder: phrase('the recorder was not running'),
  disk: phrase('the recorder’s disk was full'),
  declined: phrase('it is not to be recorded'),
  missing: phrase('it never reached the recorder'),
};

/** A picture that never came is missing from then on; it is said when it should have appeared. */
const PICTURE_MS = 10_000;

/** Reads the manifest's coverage. `paused` is no gap: nothing was sent, and so nothing is missing. */
export function parseGap(value: unknown): Gap[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { from_ms, to_ms, kind, cause, session } = value as Record<string, unknown>;
  if (kind !== 'audio' && kind !== 'video' && kind !== 'board' && kind !== 'picture') {
    return [];
  }
  if (typeof from_ms !== 'number' || typeof to_ms !== 'number' || !(to_ms - from_ms >= LEAST_GAP_MS)) {
    return [];
  }
  if (typeof cause !== 'string' || cause === '' || cause === 'paused') {
    return [];
  }
  const until_ms = kind === 'picture' ? Math.min(to_ms, from_ms + PICTURE_MS) : to_ms;
  return [{ from_ms, to_ms: until_ms, kind, cause, session: typeof session === 'string' ? session : null }];
}

/** Gaps as stretches of the line, those that touch joined. `isWhole`: nothing at all was recorded there. */
export function stretches(gaps: readonly Gap[]): { from_ms: number; to_ms: number; isWhole: boolean }[] {
  return [true, false].flatMap((isWhole) => {
    const joined: { from_ms: number; to_ms: number; isWhole: boolean }[] = [];
    const some = gaps.filter((gap) => ofAll(gap) === isWhole).toSorted((a, b) => a.from_ms - b.from_ms);
    for (const { from_ms, to_ms } of some) {
      const last = joined.at(-1);
      if (last && from_ms <= last.to_ms) {
        last.to_ms = Math.max(last.to_ms, to_ms);
      } else {
        joined.push({ from_ms, to_ms, isWhole });
      }
    }
    return joined;
  });
}

/** What is missing at a moment, a sentence each; the same cause of several people is one sentence. */
export function missingAt(gaps: readonly Gap[], t_ms: number, people: readonly PlayerPerson[]): string[] {
  const byCause = new Map<string, Set<string>>();
  const isWhole = new Set<string>();
  for (const gap of gaps) {
    if (t_ms < gap.from_ms || t_ms >= gap.to_ms) {
      continue;
    }
    const parts = byCause.get(gap.cause) ?? new Set();
    byCause.set(gap.cause, parts.add(partOf(gap, people)));
    if (ofAll(gap)) isWhole.add(gap.cause);
  }
  return [...byCause].map(([cause, parts]) => {
    const known = CAUSES[cause];
    const why = known ? t(known) : cause;
    if (isWhole.has(cause)) return t('The recording is missing here: {cause}.', { cause: why });
    return tn(parts.size, '{what} is missing here: {cause}.', '{what} are missing here: {cause}.', {
      what: listed([...parts]),
      cause: why,
    });
  });
}

function ofAll({ kind, session }: Gap): boolean {
  return session === null && kind === 'board';
}

function partOf({ kind, session }: Gap, people: readonly PlayerPerson[]): string {
  if (kind === 'picture') {
    return t('A picture on the board');
  }
  if (session === null) {
    return kind === 'audio' ? t('All voices') : kind === 'video' ? t('All pictures') : t('The recording');
  }
  const name = people.find(({ sessions }) => sessions.includes(session))?.name.split(/\s+/u)[0];
  if (name === undefined) {
    return kind === 'audio'
      ? t('Somebody’s voice')
      : kind === 'video'
        ? t('Somebody’s picture')
        : t('Somebody’s board');
  }
  switch (kind) {
    case 'audio':
      return t('{name}’s voice', { name });
    case 'video':
      return t('{name}’s picture', { name });
    default:
      return t('{name}’s board', { name });
  }
}
