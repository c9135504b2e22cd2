import { AudioLines, MessageSquare, PenLine, Search as SearchIcon } from 'lucide-preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Popover } from '../ui/Popover';
import type { Playback } from './playback';
import { findMoments, MOST_MOMENTS, type Moment, nextPlace } from './search';
import { formatTime } from './times';
import './findings.css';
import { phrase, t, tn } from '../ui/i18n';

/** Looks for words on the board, in the chat and in captions; what is found leads to its moment. */
export function Search({ playback }: { playback: Playback }) {
  return (
    <Popover
      label={t('Search this lesson')}
      side="above-end"
      testId="player-search-panel"
      button={{
        label: t('Search this lesson'),
        testId: 'player-search',
        children: <SearchIcon class="icon" aria-hidden="true" />,
      }}
    >
      <SearchPanel playback={playback} />
    </Popover>
  );
}

function SearchPanel({ playback }: { playback: Playback }) {
  const [query, setQuery] = useState('');
  // Which of the moments Enter led to; null: none yet.
  const [at, setAt] = useState<number | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const found = useRef<HTMLOListElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (at !== null) {
      found.current?.children[at]?.scrollIntoView({ block: 'nearest' });
    }
  }, [at]);
  const { steps } = playback.recording.journal;
  const chat = playback.chat.value;
  // `steps` is one array for ever; its length tells whether more was read.
  const stepCount = steps.length;
  const { list } = playback.captions.value;
  const moments = useMemo(() => findMoments(query, steps, chat, list), [query, steps, stepCount, chat, list]);
  const where = list.length > 0 ? t('Words written or spoken') : t('Words on the board or in the chat');
  const isAsked = query.trim() !== '';
  const go = (number: number): void => {
    const moment = moments[number];
    if (moment) {
      setAt(number);
      playback.seek(moment.t_ms - playback.clock.start_ms);
    }
  };
  return (
    <div class="findings">
      <input
        ref={field}
        type="search"
        class="input"
        placeholder={where}
        aria-label={where}
        data-testid="player-search-words"
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(null);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            go(nextPlace(at, event.shiftKey ? -1 : 1, moments.length));
          }
        }}
      />
      <p class="findings__count small" role="status">
        {isAsked
          ? countOf(moments)
          : list.length > 0
            ? t('Finds typed text, messages and captions.')
            : t('Finds typed text and messages.')}
      </p>
      {moments.length > 0 && (
        <ol class="findings__list" ref={found}>
          {moments.map((moment, number) => (
            <li key={`${moment.kind}-${moment.t_ms}-${moment.text}`}>
              <Finding playback={playback} moment={moment} isCurrent={number === at} onChoose={() => go(number)} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

const ICONS = { board: PenLine, chat: MessageSquare, spoken: AudioLines } as const;
const PLACES = { board: phrase('on the board'), chat: phrase('in the chat'), spoken: phrase('aloud') } as const;

interface FindingProps {
  playback: Playback;
  moment: Moment;
  isCurrent: boolean;
  onChoose: () => void;
}

function Finding({ playback, moment, isCurrent, onChoose }: FindingProps) {
  const { text, from, to, t_ms, kind, session } = moment;
  const at_ms = t_ms - playback.clock.start_ms;
  const person = playback.people.value.find(({ user, sessions }) =>
    kind === 'spoken' ? user === session : sessions.includes(session),
  );
  const Icon = ICONS[kind];
  return (
    <button
      type="button"
      class="findings__item"
      data-testid="player-search-found"
      data-ms={Math.round(at_ms)}
      aria-current={isCurrent}
      onClick={onChoose}
    >
      <span class="findings__head">
        <Icon class="icon" aria-hidden="true" />
        <span class="findings__name">
          {person?.name ?? t('Someone')}, {t(PLACES[kind])}
        </span>
        <time class="numbers">{formatTime(Math.max(0, at_ms))}</time>
      </span>
      <span class="findings__text">
        {text.slice(0, from)}
        <mark>{text.slice(from, to)}</mark>
        {text.slice(to)}
      </span>
    </button>
  );
}

function countOf(moments: readonly Moment[]): string {
  if (moments.length === 0) {
    return t('Nothing found.');
  }
  if (moments.length === MOST_MOMENTS) {
    return t('The first {n} places. More letters find fewer.', { n: MOST_MOMENTS });
  }
  return tn(moments.length, '{n} place.', '{n} places.');
}
