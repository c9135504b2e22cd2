/** What the portal says about a recording (docs/recording.md, "Manifest JSON"). All times are room time in ms. */

import { t } from '../ui/i18n';
import { type Gap, parseGap } from './gaps';
import type { Span } from './silence';
import { parseStoryboard, type Storyboard } from './storyboard';

export type RecordingState = 'recording' | 'sealed' | 'damaged';

export interface RecordedPerson {
  readonly session: string;
  readonly user: string;
  readonly name: string;
  readonly role: string;
  readonly colour: string;
  readonly present: readonly (readonly [number, number])[];
}

export interface RecordedTrack {
  readonly id: number;
  readonly session: string;
  readonly user: string;
  readonly kind: 'audio' | 'video';
  readonly mime: string;
  readonly url: string;
  readonly bytes: number;
  /** room_ms = start_ms + rate × file_ms */
  readonly start_ms: number;
  readonly rate: number;
  readonly end_ms: number;
  /** The file has cues and a duration; otherwise it still grows, or was cut short. */
  readonly closed: boolean;
}

export interface Chapter {
  readonly t_ms: number;
  readonly title: string;
  readonly kind: string;
  readonly page: string;
}

/** The chapters of a lesson with `markers` among them; as in its film, the lesson itself stands before the first one. */
export function withBeginning(manifest: Manifest | null, markers: readonly Chapter[]): readonly Chapter[] {
  const chapters = [...(manifest?.chapters ?? []), ...markers].sort((a, b) => a.t_ms - b.t_ms);
  const [first] = chapters;
  return manifest && first && first.t_ms > manifest.start_ms
    ? [{ t_ms: manifest.start_ms, title: manifest.title, kind: 'lesson', page: '' }, ...chapters]
    : chapters;
}

/** What the portal lets this viewer do beside watching. */
export interface Viewer {
  readonly user: string;
  readonly continues: boolean;
  readonly readsBoards: boolean;
  readonly reviews: boolean;
  readonly readsReview: boolean;
  /** May have something left out of the recording. */
  readonly redacts: boolean;
}

export interface Manifest {
  readonly lesson: string;
  readonly title: string;
  readonly state: RecordingState;
  readonly start_ms: number;
  readonly end_ms: number;
  /** Unix ms of `start_ms`. */
  readonly started_at: number;
  readonly people: readonly RecordedPerson[];
  readonly tracks: readonly RecordedTrack[];
  readonly chapters: readonly Chapter[];
  /** What is missing, and why. */
  readonly gaps: readonly Gap[];
  readonly timeline: string;
  /** The pictures on the boards: this, a slash and the hash. */
  readonly assets: string | null;
  readonly film: string | null;
  /** The lesson as one file that opens without a server. */
  readonly page: string | null;
  readonly poster: string | null;
  /** Small pictures along the lesson; made together with the film. */
  readonly storyboard: Storyboard | null;
  /** Where nobody speaks and nothing is written; known once the film is made. */
  readonly silences: readonly Span[];
  /** Share of the film that is rendered, 0…1; null when the portal does not say. */
  readonly filmProgress: number | null;
  readonly problems: readonly string[];
  readonly viewer: Viewer;
  /** Something was left out of what is shown. */
  readonly isRedacted: boolean;
}

export class ManifestError extends Error {
  override name = 'ManifestError';
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
const number = (value: unknown, otherwise = 0): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const address = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/**
 * Reads a manifest. Version and timeline are required; any single person, track or chapter that does not make sense is
 * left out, so that the rest still plays. Throws `ManifestError` otherwise.
 */
export function parseManifest(value: unknown): Manifest {
  if (!isFields(value) || value.version !== 1) {
    throw new ManifestError('this recording is of a kind that this player does not know');
  }
  const timeline = address(value.timeline);
  if (!timeline) {
    throw new ManifestError('the recording has no timeline');
  }
  const start_ms = number(value.start_ms);
  const state = value.state;
  return {
    lesson: text(value.lesson),
    title: text(value.title, t('Recording')),
    state: state === 'recording' || state === 'damaged' ? state : 'sealed',
    start_ms,
    end_ms: Math.max(start_ms, number(value.end_ms, start_ms)),
    started_at: number(value.started_at),
    people: list(value.participants).flatMap(parsePerson),
    tracks: list(value.tracks).flatMap(parseTrack),
    chapters: list(value.chapters).flatMap(parseChapter),
    gaps: list(value.coverage).flatMap(parseGap),
    timeline,
    assets: address(value.assets),
    film: address(value.export),
    page: address(value.page),
    poster: address(value.poster),
    storyboard: parseStoryboard(value.storyboard),
    silences: list(value.silences).flatMap(parseSpan),
    filmProgress: parseProgress(value.render),
    problems: list(value.problems).filter((problem): problem is string => typeof problem === 'string'),
    viewer: parseViewer(value.viewer),
    isRedacted: value.redacted === true,
  };
}

function parseSpan(value: unknown): Span[] {
  const [from_ms, to_ms] = list(value);
  return typeof from_ms === 'number' && typeof to_ms === 'number' && from_ms < to_ms ? [[from_ms, to_ms]] : [];
}

function parseProgress(value: unknown): number | null {
  const progress = isFields(value) ? value.progress : null;
  return typeof progress === 'number' && progress >= 0 && progress <= 1 ? progress : null;
}

function parsePerson(value: unknown): RecordedPerson[] {
  if (!isFields(value) || !text(value.session) || !text(value.user)) {
    return [];
  }
  const present = list(value.present).flatMap((span) => {
    const [from, to] = list(span);
    return typeof from === 'number' && typeof to === 'number' ? [[from, to] as const] : [];
  });
  return [
    {
      session: text(value.session),
      user: text(value.user),
      name: text(value.name, t('Someone')),
      role: text(value.role),
      // Painted as a style value: anything but a plain colour would be ignored by the browser, so it is not let in.
      colour: /^#[0-9a-f]{6}$/iu.test(text(value.colour)) ? text(value.colour) : '#686b60',
      present,
    },
  ];
}

function parseTrack(value: unknown): RecordedTrack[] {
  if (!isFields(value)) {
    return [];
  }
  const { kind } = value;
  const rate = number(value.rate, 1);
  const url = address(value.url);
  if ((kind !== 'audio' && kind !== 'video') || !url || rate < 0.9 || rate > 1.1) {
    return [];
  }
  const start_ms = number(value.start_ms);
  return [
    {
      id: number(value.id, -1),
      session: text(value.session),
      user: text(value.user),
      kind,
      mime: text(value.mime),
      url,
      bytes: number(value.bytes),
      start_ms,
      rate,
      end_ms: Math.max(start_ms, number(value.end_ms, start_ms)),
      closed: value.closed === true,
    },
  ];
}

function parseChapter(value: unknown): Chapter[] {
  if (!isFields(value) || typeof value.t_ms !== 'number') {
    return [];
  }
  return [{ t_ms: value.t_ms, title: text(value.title), kind: text(value.kind), page: text(value.page, 'main') }];
}

/** Without one nothing but watching is offered. */
function parseViewer(value: unknown): Viewer {
  const fields = isFields(value) ? value : {};
  return {
    user: text(fields.user),
    continues: fields.continues === true,
    readsBoards: fields.reads_boards === true,
    reviews: fields.reviews === true,
    readsReview: fields.reads_review === true,
    redacts: fields.redacts === true,
  };
}

/** One participant as the player shows them: all sessions of one user together, in order of first appearance. */
export interface PlayerPerson {
  readonly user: string;
  readonly name: string;
  readonly role: string;
  readonly colour: string;
  readonly sessions: readonly string[];
  readonly present: readonly (readonly [number, number])[];
}

export function peopleByUser(people: readonly RecordedPerson[]): PlayerPerson[] {
  const byUser = new Map<string, PlayerPerson>();
  for (const { session, user, name, role, colour, present } of people) {
    const known = byUser.get(user);
    byUser.set(user, {
      user,
      name: known?.name ?? name,
      role: known?.role ?? role,
      colour: known?.colour ?? colour,
      sessions: [...(known?.sessions ?? []), session],
      present: [...(known?.present ?? []), ...present],
    });
  }
  return [...byUser.values()];
}
