import { MessageSquare, PenLine, Search as SearchIcon } from 'lucide-preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Popover } from '../ui/Popover';
import type { Playback } from './playback';
import { findMoments, MOST_MOMENTS, type Moment } from './search';
import { formatTime } from './times';
import './findings.css';

/** Looks for words on the board and in the chat; what is found leads to its moment. */
export function Search({ playback }: { playback: Playback }) {
  return (
    <Popover
      label="Search this lesson"
      side="above-end"
      testId="player-search-panel"
      button={{
        label: 'Search this lesson',
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
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const { steps } = playback.recording.journal;
  const chat = playback.chat.value;
  // `steps` is one array for ever; its length tells whether more was read.
  const stepCount = steps.length;
  const moments = useMemo(() => findMoments(query, steps, chat), [query, steps, stepCount, chat]);
  const isAsked = query.trim() !== '';
  return (
    <div class="findings">
      <input
        ref={field}
        type="search"
        class="input"
        placeholder="Words on the board or in the chat"
        aria-label="Words on the board or in the chat"
        data-testid="player-search-words"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <p class="findings__count small" role="status">
        {isAsked ? countOf(moments) : 'Finds typed text and messages.'}
      </p>
      {moments.length > 0 && (
        <ol class="findings__list">
          {moments.map((moment) => (
            <li key={`${moment.kind}-${moment.t_ms}-${moment.text}`}>
              <Finding playback={playback} moment={moment} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Finding({ playback, moment }: { playback: Playback; moment: Moment }) {
  const { text, from, to, t_ms, kind, session } = moment;
  const at_ms = t_ms - playback.clock.start_ms;
  const person = playback.people.value.find(({ sessions }) => sessions.includes(session));
  const Icon = kind === 'board' ? PenLine : MessageSquare;
  return (
    <button
      type="button"
      class="findings__item"
      data-testid="player-search-found"
      data-ms={Math.round(at_ms)}
      onClick={() => playback.seek(at_ms)}
    >
      <span class="findings__head">
        <Icon class="icon" aria-hidden="true" />
        <span class="findings__name">
          {person?.name ?? 'Someone'}, {kind === 'board' ? 'on the board' : 'in the chat'}
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
    return 'Nothing found.';
  }
  if (moments.length === MOST_MOMENTS) {
    return `The first ${MOST_MOMENTS} places. More letters find fewer.`;
  }
  return moments.length === 1 ? 'One place.' : `${moments.length} places.`;
}
