import { Hand, MicOff } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import './media.css';
import { type Phrase, phrase, t } from '../ui/i18n';

export interface TileProps {
  user: string;
  name: string;
  role: string;
  /** CSS colour of the participant, as at their cursor. */
  colour: string;
  /** The picture; shown only while `video` is true, so that an element keeps playing its sound behind the avatar. */
  children?: ComponentChildren;
  video: boolean;
  muted: boolean;
  speaking: boolean;
  hand?: boolean;
  mirrored?: boolean;
  away?: boolean;
  /** What stands in place of the role, such as "You". */
  note?: string;
  testId: string;
}

/** The first letters of the first and the last word of a name, at most two. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toLocaleUpperCase();
}

const ROLE_WORDS: Readonly<Record<string, Phrase>> = {
  tutor: phrase('Tutor'),
  student: phrase('Student'),
  coordinator: phrase('Coordinator'),
  reviewer: phrase('Observer'),
  recorder: phrase('Recorder'),
  bot: phrase('Bot'),
};

export function roleWord(role: string): string {
  return t(ROLE_WORDS[role] ?? phrase('Guest'));
}

/** One participant: picture or initials, name and role, and what they do now. Used live and in the player. */
export function Tile(props: TileProps) {
  const { name, speaking, muted, hand = false, away = false } = props;
  const states = [speaking && t('speaking'), muted && t('microphone off'), hand && t('hand raised')];
  const note = props.note ?? (away ? t('Reconnecting…') : roleWord(props.role));
  const label = [name, note, ...states.filter(Boolean)].join(', ');
  return (
    <figure
      class="tile"
      data-testid={props.testId}
      data-speaking={speaking}
      data-muted={muted}
      data-video={props.video ? 'on' : 'off'}
      data-mirrored={props.mirrored ?? false}
      data-away={away}
      aria-label={label}
      style={{ '--person': props.colour }}
    >
      <div class="tile__picture">{props.children}</div>
      {!props.video && (
        <div class="tile__avatar" aria-hidden="true">
          {initialsOf(name)}
        </div>
      )}
      <div class="tile__badges" aria-hidden="true">
        {hand && (
          <span class="tile__badge tile__badge--hand">
            <Hand class="icon" />
          </span>
        )}
      </div>
      <figcaption class="tile__label" aria-hidden="true">
        {muted && <MicOff class="icon tile__muted" />}
        <span class="tile__name" dir="auto">
          {name}
        </span>
        <span class="tile__role">{note}</span>
      </figcaption>
    </figure>
  );
}
