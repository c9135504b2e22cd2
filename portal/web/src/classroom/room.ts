/** What the classroom needs of a session: `net/session` has it, and so has the in-memory room of the development page. */

import type { LivePeers } from '../board/livePeers';
import type { LiveInk } from '../board/tools/tool';
import type { PageId, UserId } from '../core/ids';
import type { LessonInfo, LessonSession } from '../net/session';

export type {
  AlertState,
  Connection,
  Cuts,
  LessonInfo,
  LocalMedia,
  Participant,
  Person,
  SaveState,
} from '../net/session';

/** As the portal tells it before the room is opened. */
export interface LessonFacts extends LessonInfo {
  readonly notice_acknowledged: boolean;
  /** The recording of this person was declined. */
  readonly unrecorded: boolean;
}

/** `desk`: at whose desk it happens; null or none: on the board of all. */
export interface RoomLive extends LiveInk, LivePeers {
  begin(stroke: Parameters<LiveInk['begin']>[0], desk?: UserId | null): void;
  cursor(page: PageId, x: number, y: number, laser?: boolean, desk?: UserId | null): void;
  hideCursor(): void;
}

/** Times are unix ms by the room's clock. */
export interface RoomSession
  extends Pick<
    LessonSession,
    | 'info'
    | 'me'
    | 'board'
    | 'desk'
    | 'stage'
    | 'chat'
    | 'saveState'
    | 'connection'
    | 'cuts'
    | 'now'
    | 'roomMs'
    | 'on'
    | 'participants'
    | 'person'
    | 'setPresence'
    | 'pressAlert'
    | 'removePerson'
    | 'readmitPerson'
    | 'setLocalMedia'
    | 'remoteMedia'
    | 'cut'
    | 'retry'
    | 'flush'
    | 'close'
    | 'diagnostics'
  > {
  readonly live: RoomLive;
  /** Pictures by their hash (protocol.md section A). */
  readonly assets: Pick<LessonSession['assets'], 'put' | 'get'>;
}
