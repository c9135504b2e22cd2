import {
  Captions as CaptionsIcon,
  FastForward,
  ListVideo,
  LoaderCircle,
  Pause,
  Play,
  Radio,
  RotateCcw,
  RotateCw,
  Volume2,
  VolumeX,
} from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
import { Popover } from '../ui/Popover';
import { SPEEDS } from './clock';
import { KeyHelp } from './KeyHelp';
import type { NotesDesk } from './notesDesk';
import { Pager } from './Pager';
import type { Playback } from './playback';
import { Search } from './Search';
import { chapterAt, SeekBar } from './SeekBar';
import { silentTime } from './silence';
import { formatTime } from './times';
import { View } from './View';
import './transport.css';
import { t } from '../ui/i18n';

const JUMP_MS = 10_000;

/** Play, where, how fast, how loud. */
export function Transport({ playback, notes }: { playback: Playback; notes: NotesDesk }) {
  return (
    <section class="transport" aria-label={t('Playback')}>
      <SeekBar playback={playback} notes={notes} />
      <div class="transport__row">
        <PlayButton playback={playback} />
        <IconButton
          label={t('Back 10 seconds')}
          keys="J"
          class="button--quiet transport__jump"
          onPress={() => playback.seek(playback.position_ms - JUMP_MS)}
        >
          <RotateCcw class="icon" aria-hidden="true" />
        </IconButton>
        <IconButton
          label={t('Ahead 10 seconds')}
          keys="L"
          class="button--quiet transport__jump"
          onPress={() => playback.seek(playback.position_ms + JUMP_MS)}
        >
          <RotateCw class="icon" aria-hidden="true" />
        </IconButton>
        <Time playback={playback} />
        <Live playback={playback} />
        <Pager playback={playback} />
        <div class="transport__end">
          <Search playback={playback} />
          <Chapters playback={playback} />
          <View playback={playback} />
          <CaptionSwitch playback={playback} />
          <SkipSilence playback={playback} />
          <Speed playback={playback} />
          <Volume playback={playback} />
          <KeyHelp />
        </div>
      </div>
    </section>
  );
}

function PlayButton({ playback }: { playback: Playback }) {
  const isPlaying = playback.playing.value;
  const isWaiting = playback.waiting.value;
  return (
    <IconButton
      label={isPlaying ? t('Pause') : t('Play')}
      keys="Space"
      tip="right"
      class="button--primary transport__play"
      testId="player-play"
      state={isWaiting ? 'waiting' : isPlaying ? 'playing' : 'paused'}
      onPress={() => playback.toggle()}
    >
      {isWaiting ? (
        <LoaderCircle class="icon transport__turning" aria-hidden="true" />
      ) : isPlaying ? (
        <Pause class="icon" aria-hidden="true" />
      ) : (
        <Play class="icon" aria-hidden="true" />
      )}
    </IconButton>
  );
}

function Time({ playback }: { playback: Playback }) {
  const position_ms = playback.shown_ms.value - playback.clock.start_ms;
  // Read for its change: a running lesson grows.
  const { end_ms = 0, start_ms = 0 } = playback.manifest.value ?? {};
  const length_ms = Math.max(playback.duration_ms, end_ms - start_ms);
  return (
    <span class="transport__time numbers" data-testid="player-time" data-ms={Math.round(position_ms)}>
      <time>{formatTime(position_ms)}</time>
      <span class="transport__length"> / {formatTime(length_ms)}</span>
    </span>
  );
}

function Live({ playback }: { playback: Playback }) {
  if (!playback.isLive.value) {
    return null;
  }
  const isFollowing = playback.following.value;
  return (
    <button
      type="button"
      class="button button--small transport__live"
      aria-pressed={isFollowing}
      data-testid="player-live"
      onClick={() => playback.goLive()}
    >
      <Radio class="icon" aria-hidden="true" />
      {isFollowing ? t('Live') : t('Back to live')}
    </button>
  );
}

function Chapters({ playback }: { playback: Playback }) {
  const manifest = playback.manifest.value;
  const chapters = playback.chapters.value;
  if (!manifest || chapters.length === 0) {
    return null;
  }
  const now = chapterAt(chapters, playback.shown_ms.value);
  return (
    <Popover
      label={t('Chapters')}
      side="above-end"
      button={{
        label: t('Chapters'),
        testId: 'player-chapters',
        children: <ListVideo class="icon" aria-hidden="true" />,
      }}
    >
      <ol class="chapters">
        {chapters.map((chapter) => (
          <li key={`${chapter.t_ms}-${chapter.title}`}>
            <button
              type="button"
              class="chapters__item"
              aria-current={chapter === now}
              onClick={() => playback.seek(chapter.t_ms - manifest.start_ms)}
            >
              <span>{chapter.title || t('Page')}</span>
              <time class="numbers">{formatTime(chapter.t_ms - manifest.start_ms)}</time>
            </button>
          </li>
        ))}
      </ol>
    </Popover>
  );
}

/** Shorter than this in all is not worth a button. */
const LEAST_SILENCE_MS = 10_000;

function SkipSilence({ playback }: { playback: Playback }) {
  const silent_ms = silentTime(playback.manifest.value?.silences ?? []);
  if (silent_ms < LEAST_SILENCE_MS) {
    return null;
  }
  const isOn = playback.skipping.value;
  return (
    <IconButton
      label={t('Skip silence ({n} in all)', { n: formatTime(silent_ms) })}
      keys="S"
      pressed={isOn}
      class={isOn ? 'button--quiet transport__on' : 'button--quiet'}
      testId="player-skip-silence"
      onPress={() => playback.setSkipping(!isOn)}
    >
      <FastForward class="icon" aria-hidden="true" />
    </IconButton>
  );
}

function CaptionSwitch({ playback }: { playback: Playback }) {
  if (playback.captions.value.list.length === 0) {
    return null;
  }
  const view = playback.view.value;
  return (
    <IconButton
      label={t('Captions')}
      keys="C"
      pressed={view.captions}
      class={view.captions ? 'button--quiet transport__on' : 'button--quiet'}
      testId="player-caption-switch"
      onPress={() => playback.choose({ ...view, captions: !view.captions })}
    >
      <CaptionsIcon class="icon" aria-hidden="true" />
    </IconButton>
  );
}

function Speed({ playback }: { playback: Playback }) {
  return (
    <select
      class="input transport__speed"
      aria-label={t('Speed')}
      data-testid="player-speed"
      value={String(playback.speed.value)}
      onChange={(event) => playback.setSpeed(Number(event.currentTarget.value))}
    >
      {SPEEDS.map((speed) => (
        <option key={speed} value={String(speed)}>
          {speed}×
        </option>
      ))}
    </select>
  );
}

function Volume({ playback }: { playback: Playback }) {
  const isSilent = playback.muted.value || playback.volume.value === 0;
  return (
    <div class="transport__volume">
      <IconButton
        label={isSilent ? t('Sound on') : t('Sound off')}
        keys="M"
        testId="player-mute"
        onPress={() => playback.setVolume(playback.volume.peek() || 1, !isSilent)}
      >
        {isSilent ? <VolumeX class="icon" aria-hidden="true" /> : <Volume2 class="icon" aria-hidden="true" />}
      </IconButton>
      <input
        type="range"
        class="transport__slider"
        aria-label={t('Volume')}
        min="0"
        max="1"
        step="0.05"
        value={playback.muted.value ? 0 : playback.volume.value}
        onInput={(event) => playback.setVolume(Number(event.currentTarget.value))}
      />
    </div>
  );
}
