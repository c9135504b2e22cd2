/** What the classroom says about states of the room. Pure. */

import { CloseCode } from '../core/errors';
import type { StageState } from '../core/stage';
import type { LessonInfo } from '../net/portal';
import { phrase, t, tn } from '../ui/i18n';
import type { AlertState, Connection, SaveState } from './room';

export function saveWords(state: SaveState): string {
  switch (state.kind) {
    case 'saved':
      return t('Saved');
    case 'saving':
      return t('Saving…');
    case 'offline':
      return state.unacked === 0
        ? t('Offline')
        : tn(state.unacked, 'Offline — {n} change kept on this device', 'Offline — {n} changes kept on this device');
  }
}

/** For whoever pressed; nobody else is shown anything. */
export function alertWords(state: AlertState): string {
  switch (state) {
    case 'sending':
      return t('Calling for help…');
    case 'stored':
      return t('Help has been called');
    case 'acknowledged':
      return t('Somebody has it in hand');
  }
}

export interface StateWords {
  readonly text: string;
  readonly tone: 'calm' | 'live' | 'attention';
}

/** A demo room, where everybody may draw at any time. */
export const dropInWords = (): StateWords => ({ text: t('Open to everyone'), tone: 'calm' });

/** `isRecorded`: true, false, or null when this lesson is not to be recorded. */
export function lessonWords(state: StageState, isRecorded: boolean | null): StateWords {
  switch (state) {
    case 'waiting':
      return { text: t('Waiting'), tone: 'calm' };
    case 'ended':
      return { text: t('Ended'), tone: 'calm' };
    case 'live':
      if (isRecorded === null) {
        return { text: t('Live'), tone: 'live' };
      }
      return isRecorded
        ? { text: t('Live · recorded'), tone: 'live' }
        : { text: t('Live · recorder away'), tone: 'attention' };
  }
}

const VIDEO_PAUSED_WORDS = {
  line: phrase('Video paused to keep the sound clear'),
  device: phrase('Video paused: this device is busy'),
} as const;

const TCP_ROUTES: readonly (string | undefined)[] = ['turn-tcp', 'turn-tls'];

/** Every link goes through the school's server over TCP: slower than straight, and worth knowing when asked. */
function isByTcp({ peers }: Connection): boolean {
  const direct = peers.filter((peer) => peer.path === 'mesh');
  return direct.length > 0 && direct.every((peer) => TCP_ROUTES.includes(peer.route));
}

export function connectionWords(connection: Connection): string {
  const direct = connection.peers.filter((peer) => peer.path === 'mesh').length;
  switch (connection.relay) {
    case 'online':
      if (connection.video === 'paused') return t(VIDEO_PAUSED_WORDS[connection.videoCause ?? 'line']);
      return isByTcp(connection) ? t('Connected over TCP: your network blocks UDP') : t('Connected');
    case 'connecting':
      return direct > 0 ? t('Connected directly; reaching the server…') : t('Connecting…');
    case 'offline':
      return direct > 0 ? t('The server is away; connected directly') : t('Not connected; trying again…');
    case 'stopped':
      return t('Not connected');
  }
}

export interface StopWords {
  readonly title: string;
  readonly text: string;
  /** What the one button does; null when nothing can be done here. */
  readonly action: 'retry' | 'reload' | null;
  readonly button: string;
}

/** Below this a code is the HTTP status of a portal that said no, and its reason a sentence. */
const FIRST_CLOSE_CODE = 1_000;

/** Why the socket will not come back by itself, by close code (protocol.md, section X). */
export function stopWords(code: number, reason: string): StopWords {
  if (code < FIRST_CLOSE_CODE) {
    return { title: t('The door did not open'), text: reason, action: 'retry', button: t('Try again') };
  }
  switch (code) {
    case CloseCode.replaced:
      return {
        title: t('The lesson is open elsewhere'),
        text: t('You opened this lesson in another tab. Go on there, or take it over here.'),
        action: 'retry',
        button: t('Continue here'),
      };
    case CloseCode.revoked:
      return {
        title: t('You are no longer in this lesson'),
        text: t(
          'Your tutor has ended your part in it. What you did is kept. If you think that this was a mistake, tell your tutor or your school: they can let you in again.',
        ),
        action: null,
        button: '',
      };
    case CloseCode.ticket_refused:
    case CloseCode.ticket_expired:
    case CloseCode.ticket_foreign:
    case CloseCode.proof_failed:
      return {
        title: t('The door did not open'),
        text: t(
          'This page’s ticket for the lesson is not valid any more. Loading the page again gets a new one; your work is kept on this device.',
        ),
        action: 'reload',
        button: t('Load again'),
      };
    default:
      return {
        title: t('The connection was closed'),
        text: t(
          'The server closed the connection and will not take it back as it is. Your work is kept on this device.',
        ),
        action: 'retry',
        button: t('Connect again'),
      };
  }
}

/** `0:07`, `12:34`, `1:02:03`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(s).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${m}:${tail}`;
}

export function pageName(title: string, position: number): string {
  return title.trim() || t('Page {n}', { n: position + 1 });
}

/** `Mathematics · 11:45 to 12:45, EST`: in the school's zone, as every page of the portal says it. */
export function lessonHours(info: Pick<LessonInfo, 'subject' | 'starts_at' | 'ends_at' | 'time_zone'>): string {
  const [from, to] = [new Date(info.starts_at), new Date(info.ends_at)];
  try {
    const clock = new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone: info.time_zone,
    });
    const named = new Intl.DateTimeFormat('en-US', { timeZone: info.time_zone, timeZoneName: 'short' });
    const zone = named.formatToParts(from).find((part) => part.type === 'timeZoneName')?.value ?? info.time_zone;
    const [start, end] = [clock.format(from), clock.format(to)];
    return t('{subject} · {start} to {end}, {zone}', { subject: info.subject, start, end, zone });
  } catch (error) {
    // Times that are none, or a zone that this browser does not know.
    if (error instanceof RangeError) return info.subject;
    throw error;
  }
}
