import { BoardStage } from './BoardStage';
import { Captions } from './Captions';
import type { CaptionDesk } from './captions';
import { Missing } from './Missing';
import type { NotesDesk } from './notesDesk';
import { PlayerBar } from './PlayerBar';
import { Banner, BigPlay, Waiting } from './PlayerStates';
import { PlayerTiles } from './PlayerTiles';
import type { Playback } from './playback';
import type { RecordingPortal } from './portalCalls';
import { Side } from './Side';
import { SoundOnly } from './SoundOnly';
import { Transport } from './Transport';
import './player.css';
import { t } from '../ui/i18n';

export interface PlayerProps {
  playback: Playback;
  portal: RecordingPortal;
  notes: NotesDesk;
  captions: CaptionDesk;
  /** For the theme, which the server remembers. */
  csrf: string;
  onRetry: () => void;
}

/** A recorded lesson. */
export function Player({ playback, portal, notes, captions, csrf, onRetry }: PlayerProps) {
  const phase = playback.phase.value;
  return (
    <main
      class="player"
      data-testid="player-state"
      data-state={phase === 'ready' ? motionOf(playback) : phase}
      data-live={playback.isLive.value}
      data-damaged={playback.damaged.value}
    >
      <PlayerBar playback={playback} portal={portal} csrf={csrf} />
      {phase === 'ready' ? (
        <Stage playback={playback} portal={portal} notes={notes} captions={captions} />
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

function Stage({ playback, portal, notes, captions }: Pick<PlayerProps, 'playback' | 'portal' | 'notes' | 'captions'>) {
  const { tiles, soundOnly } = playback.view.value;
  return (
    <>
      <Banner playback={playback} />
      <div class="player__body">
        <div class="player__board">
          {soundOnly ? <SoundOnly playback={playback} /> : <BoardStage playback={playback} />}
          <Missing playback={playback} />
          <Captions playback={playback} />
          {!soundOnly && <BigPlay playback={playback} />}
        </div>
        <aside class="player__side" aria-label={t('Participants, chat and notes')} data-tiles={tiles}>
          {tiles && (
            <div class="player__tiles" data-count={playback.people.value.length}>
              <PlayerTiles playback={playback} />
            </div>
          )}
          <Side playback={playback} portal={portal} notes={notes} captions={captions} />
        </aside>
      </div>
      <Transport playback={playback} notes={notes} />
    </>
  );
}
