import { CircleAlert, CloudOff, Film, Play, TriangleAlert } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../ui/i18n';
import type { Playback } from './playback';

/** What is not as it should be, above the board. */
export function Banner({ playback }: { playback: Playback }) {
  const problems = playback.manifest.value?.problems ?? [];
  const broken = playback.mediaVersion.value > 0 ? playback.tracks.brokenUsers() : new Set<string>();
  const names = playback.people.value.filter(({ user }) => broken.has(user)).map(({ name }) => name);
  if (playback.blocked.value) {
    return (
      <Notice>
        <p class="banner__text">{t('Your browser plays sound only after you press a button.')}</p>
        <button type="button" class="button button--small" onClick={() => playback.play()}>
          {t('Play with sound')}
        </button>
      </Notice>
    );
  }
  if (playback.offline.value) {
    return (
      <Notice>
        <CloudOff class="icon" aria-hidden="true" />
        <p class="banner__text">
          {t('You are offline. What is loaded plays on; the rest comes when the line is back.')}
        </p>
      </Notice>
    );
  }
  if (!playback.damaged.value && problems.length === 0 && names.length === 0) {
    return null;
  }
  return (
    <Notice>
      <TriangleAlert class="icon" aria-hidden="true" />
      <div class="banner__text">
        <p>{t('Part of this recording could not be read. Everything else plays.')}</p>
        {problems.map((problem) => (
          <p key={problem} class="small">
            {problem}
          </p>
        ))}
        {names.length > 0 && (
          <p class="small">{t('Sound or picture is missing of: {names}', { names: names.join(', ') })}</p>
        )}
      </div>
    </Notice>
  );
}

function Notice({ children }: { children: ComponentChildren }) {
  return (
    <div class="banner banner--attention player__banner" role="status">
      {children}
    </div>
  );
}

const MOVED_MS = 1_000;

/** Before the first press: one large button on the board. */
export function BigPlay({ playback }: { playback: Playback }) {
  const [wasPlayed, setPlayed] = useState(false);
  const isPlaying = playback.playing.value;
  useEffect(() => {
    if (isPlaying) {
      setPlayed(true);
    }
  }, [isPlaying]);
  const [first_ms] = useState(() => playback.clock.start_ms + playback.position_ms);
  // Whoever looks for a place wants to see the board.
  const hasMoved = !playback.following.value && Math.abs(playback.shown_ms.value - first_ms) > MOVED_MS;
  if (wasPlayed || isPlaying || hasMoved) {
    return null;
  }
  return (
    <button type="button" class="player__big-play" aria-label={t('Play the lesson')} onClick={() => playback.play()}>
      <Play class="icon" aria-hidden="true" />
    </button>
  );
}

interface WaitingProps {
  phase: 'loading' | 'empty' | 'error';
  sentence: string;
  onRetry: () => void;
}

/** In the place of everything, while there is nothing to watch. */
export function Waiting({ phase, sentence, onRetry }: WaitingProps) {
  if (phase === 'loading') {
    return (
      <div class="state player__state" role="status">
        <span class="spinner" aria-hidden="true" />
        <p class="state__text">{t('Opening the recording…')}</p>
      </div>
    );
  }
  if (phase === 'empty') {
    return (
      <div class="state player__state" role="status">
        <span class="state__mark">
          <Film class="icon" aria-hidden="true" />
        </span>
        <h2>{t('Nothing to watch yet')}</h2>
        <p class="state__text">{sentence || t('This lesson ended before anything was recorded.')}</p>
        <a class="button" href="/recordings">
          {t('All recordings')}
        </a>
      </div>
    );
  }
  return (
    <div class="state state--error player__state" role="alert">
      <span class="state__mark">
        <CircleAlert class="icon" aria-hidden="true" />
      </span>
      <h2>{t('The recording did not open')}</h2>
      <p class="state__text">{sentence}</p>
      <div class="cluster">
        <button type="button" class="button button--primary" onClick={onRetry}>
          {t('Try again')}
        </button>
        <a class="button" href="/recordings">
          {t('All recordings')}
        </a>
      </div>
    </div>
  );
}
