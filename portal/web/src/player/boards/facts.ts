import { isSessionId, type SessionId } from '../../core/ids';
import { type Phrase, phrase, t } from '../../ui/i18n';
import { fieldsOf, listOf, numberOf, textOf } from '../portalCalls';

export type BoardState = 'kept' | 'handed_in' | 'answered';

/** What the portal knows of a board that goes on from a moment. `t_ms`: room time of that moment. */
export interface BoardFacts {
  readonly id: string;
  readonly name: string;
  readonly t_ms: number;
  /** The author of what is added. */
  readonly session: SessionId;
  readonly version: number;
  readonly state: BoardState;
  readonly answer: string;
  readonly isOwn: boolean;
  readonly canAnswer: boolean;
}

export const STATE_WORDS: Readonly<Record<BoardState, Phrase>> = {
  kept: phrase('kept'),
  handed_in: phrase('handed in'),
  answered: phrase('answered'),
};

/** null: not a board that this page understands. */
export function parseBoard(value: unknown): BoardFacts | null {
  const fields = fieldsOf(value);
  const session = textOf(fields.session);
  if (!textOf(fields.id) || !isSessionId(session) || typeof fields.room_time !== 'number') {
    return null;
  }
  return {
    id: textOf(fields.id),
    name: textOf(fields.name) || t('Someone'),
    t_ms: fields.room_time,
    session,
    version: numberOf(fields.version),
    state: fields.state === 'handed_in' || fields.state === 'answered' ? fields.state : 'kept',
    answer: textOf(fields.answer),
    isOwn: fields.own === true,
    canAnswer: fields.can_answer === true,
  };
}

export const parseBoards = (value: unknown): BoardFacts[] =>
  listOf(fieldsOf(value).boards).flatMap((board) => parseBoard(board) ?? []);
