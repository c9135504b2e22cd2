import { ArrowLeft, CircleAlert, CloudOff, Download, Film, Link2, Moon, Play, Sun, TriangleAlert } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../ui/IconButton';
import { setTheme, theme } from '../ui/theme';
import { BoardStage } from './BoardStage';
import { Continue } from './Continue';
import { filmName } from './loader';
import { Missing } from './Missing';
import type { NotesDesk } from './notesDesk';
import { PlayerTiles } from './PlayerTiles';
import type { Playback } from './playback';
import type { RecordingPortal } from './portalCalls';
import { Side } from './Side';
import { SoundOnly } from './SoundOnly';
import { Transport } from './Transport';
import './player.css';

export interface PlayerProps {
  playback: Playback;
  portal: RecordingPortal;
  notes: NotesDesk;
  /** For the theme, which the server remembers. */
  csrf: string;
  onRetry: () => void;
}

/** A recorded lesson. */
export function Player({ playback, portal, notes, csrf, onRetry }: PlayerProps) {
  const phase = playback.phase.value;
  return (
    <main
      class="player"
      data-testid="player-state"
      data-state={phase === 'ready' ? motionOf(playback) : phase}
      data-live={playback.isLive.value}
      data-damaged={playback.damaged.value}
    >
      <Bar playback={playback} portal={portal} csrf={csrf} />
      {phase === 'ready' ? (
        <Stage playback={playback} portal={portal} notes={notes} />
      ) : (
        <Waiting phase={phase} sentence={playback.failure.value} onRetry={onRetry} />
      )}
    </main>
  );
}

function motionOf(playback: Playback): 'waiting' | 'playing' | 'paused' {
  if (!playback.playing.value) {
    return 'paused';
  }
  return playback.waiting.value ? 'waiting' : 'playing';
}

function Stage({ playback, portal, notes }: { playback: Playback; portal: RecordingPortal; notes: NotesDesk }) {
  const { tiles, soundOnly } = playback.view.value;
  return (
    <>
      <Banner playback={playback} />
      <div class="player__body">
        <div class="player__board">
          {soundOnly ? <SoundOnly playback={playback} /> : <BoardStage playback={playback} />}
          <Missing playback={playback} />
          <BigPlay playback={playback} />
        </div>
        <aside class="player__side" aria-label="Participants, chat and notes" data-tiles={tiles}>
          {tiles && (
            <div class="player__tiles" data-count={playback.people.value.length}>
              <PlayerTiles playback={playback} />
            </div>
          )}
          <Side playback={playback} portal={portal} notes={notes} />
        </aside>
      </div>
      <Transport playback={playback} notes={notes} />
    </>
  );
}

function Bar({ playback, portal, csrf }: { playback: Playback; portal: RecordingPortal; csrf: string }) {
  const manifest = playback.manifest.value;
  const isDark = theme.value === 'dark';
  const date = manifest && manifest.started_at > 0 ? new Date(manifest.started_at) : null;
  return (
    <header class="player-bar">
      <a class="button button--quiet button--icon" href="/recordings" aria-label="All recordings">
        <ArrowLeft class="icon" aria-hidden="true" />
      </a>
      <div class="player-bar__lesson">
        <h1 class="player-bar__title">{manifest?.title ?? 'Recording'}</h1>
        {date && (
          <time class="player-bar__date" dateTime={date.toISOString()}>
            {date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })}
          </time>
        )}
      </div>
      {playback.isLive.value && (
        <span class="badge badge--attention">
          <span class="badge__dot" />
          Still recording
        </span>
      )}
      <div class="player-bar__end">
        {manifest && <Continue playback={playback} portal={portal} />}
        {manifest && <CopyLink playback={playback} />}
        {manifest && <FilmLink playback={playback} />}
        <IconButton
          label={isDark ? 'Light theme' : 'Dark theme'}
          tip="left"
          onPress={() => void setTheme(isDark ? 'light' : 'dark', csrf)}
        >
          {isDark ? <Sun class="icon" aria-hidden="true" /> : <Moon class="icon" aria-hidden="true" />}
        </IconButton>
      </div>
    </header>
  );
}

const COPIED_MS = 2_000;

function CopyLink({ playback }: { playback: Playback }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    const timer = isCopied ? setTimeout(setCopied, COPIED_MS, false) : undefined;
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    const link = new URL(location.href);
    link.search = `?t=${Math.floor(playback.position_ms / 1_000)}`;
    try {
      await navigator.clipboard.writeText(link.href);
      setCopied(true);
    } catch (error) {
      // Without the right to the clipboard, the address bar carries the link instead.
      if (!(error instanceof DOMException || error instanceof TypeError)) {
        throw error;
      }
      history.replaceState(null, '', link);
    }
  };
  return (
    <IconButton
      label={isCopied ? 'Link copied' : 'Copy a link to this moment'}
      tip="bottom"
      testId="player-link"
      onPress={() => void copy()}
    >
      <Link2 class="icon" aria-hidden="true" />
    </IconButton>
  );
}

function FilmLink({ playback }: { playback: Playback }) {
  const manifest = playback.manifest.value;
  if (!manifest || manifest.state === 'recording') {
    return null;
  }
  if (manifest.film) {
    return (
      <a
        class="button player-bar__film"
        href={manifest.film}
        download={filmName(manifest.title, manifest.started_at)}
        data-testid="player-download"
      >
        <Download class="icon" aria-hidden="true" />
        <span>Video file</span>
      </a>
    );
  }
  if (manifest.state === 'damaged') {
    return null;
  }
  const { filmProgress } = manifest;
  return (
    <span class="player-bar__making" role="status" data-testid="player-film-progress">
      <Film class="icon" aria-hidden="true" />
      <span class="player-bar__words">Video file is being made</span>
      {filmProgress !== null && <span class="numbers">{Math.round(filmProgress * 100)} %</span>}
    </span>
  );
}

function Banner({ playback }: { playback: Playback }) {
  const problems = playback.manifest.value?.problems ?? [];
  const broken = playback.mediaVersion.value > 0 ? playback.tracks.brokenUsers() : new Set<string>();
  const names = playback.people.value.filter(({ user }) => broken.has(user)).map(({ name }) => name);
  if (playback.blocked.value) {
    return (
      <Notice>
        <p class="banner__text">Your browser plays sound only after you press a button.</p>
        <button type="button" class="button button--small" onClick={() => playback.play()}>
          Play with sound
        </button>
      </Notice>
    );
  }
  if (playback.offline.value) {
    return (
      <Notice>
        <CloudOff class="icon" aria-hidden="true" />
        <p class="banner__text">You are offline. What is loaded plays on; the rest comes when the line is back.</p>
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
        <p>Part of this recording could not be read. Everything else plays.</p>
        {problems.map((problem) => (
          <p key={problem} class="small">
            {problem}
          </p>
        ))}
        {names.length > 0 && <p class="small">Sound or picture is missing of: {names.join(', ')}</p>}
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

/** Before the first press: one large button on the board. */
function BigPlay({ playback }: { playback: Playback }) {
  const [wasPlayed, setPlayed] = useState(false);
  const isPlaying = playback.playing.value;
  useEffect(() => {
    if (isPlaying) {
      setPlayed(true);
    }
  }, [isPlaying]);
  if (wasPlayed || isPlaying) {
    return null;
  }
  return (
    <button type="button" class="player__big-play" aria-label="Play the lesson" onClick={() => playback.play()}>
      <Play class="icon" aria-hidden="true" />
    </button>
  );
}

interface WaitingProps {
  phase: 'loading' | 'empty' | 'error';
  sentence: string;
  onRetry: () => void;
}

function Waiting({ phase, sentence, onRetry }: WaitingProps) {
  if (phase === 'loading') {
    return (
      <div class="state player__state" role="status">
        <span class="spinner" aria-hidden="true" />
        <p class="state__text">Opening the recording…</p>
      </div>
    );
  }
  if (phase === 'empty') {
    return (
      <div class="state player__state" role="status">
        <span class="state__mark">
          <Film class="icon" aria-hidden="true" />
        </span>
        <h2>Nothing to watch yet</h2>
        <p class="state__text">{sentence || 'This lesson ended before anything was recorded.'}</p>
        <a class="button" href="/recordings">
          All recordings
        </a>
      </div>
    );
  }
  return (
    <div class="state state--error player__state" role="alert">
      <span class="state__mark">
        <CircleAlert class="icon" aria-hidden="true" />
      </span>
      <h2>The recording did not open</h2>
      <p class="state__text">{sentence}</p>
      <div class="cluster">
        <button type="button" class="button button--primary" onClick={onRetry}>
          Try again
        </button>
        <a class="button" href="/recordings">
          All recordings
        </a>
      </div>
    </div>
  );
}
