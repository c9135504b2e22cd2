import { useRef, useState } from 'preact/hooks';
import { t } from '../ui/i18n';
import { missingAt, stretches } from './gaps';
import type { Chapter } from './manifest';
import type { Note, NotesDesk } from './notesDesk';
import type { Playback } from './playback';
import { type Storyboard, shotAt } from './storyboard';
import { formatTime, spokenTime } from './times';

/** The line of the lesson: where one is, its chapters, and where nothing was recorded. Dragging it moves the board. */
export function SeekBar({ playback, notes }: { playback: Playback; notes: NotesDesk }) {
  const bar = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const manifest = playback.manifest.value;
  const position_ms = playback.shown_ms.value - playback.clock.start_ms;
  const { duration_ms } = playback;
  const share = (ms: number): string => `${duration_ms > 0 ? clampShare(ms / duration_ms) * 100 : 0}%`;
  const start_ms = manifest?.start_ms ?? 0;
  const chapters = playback.chapters.value.filter(({ t_ms }) => t_ms > start_ms && t_ms < start_ms + duration_ms);

  const timeAt = (event: PointerEvent): number => {
    const box = bar.current?.getBoundingClientRect();
    return box && box.width > 0 ? clampShare((event.clientX - box.left) / box.width) * duration_ms : 0;
  };
  const press = (event: PointerEvent): void => {
    if (event.button !== 0) {
      return;
    }
    bar.current?.setPointerCapture(event.pointerId);
    playback.scrub(timeAt(event));
  };
  const move = (event: PointerEvent): void => {
    const ms = timeAt(event);
    setHover(ms);
    if (bar.current?.hasPointerCapture(event.pointerId)) {
      playback.scrub(ms);
    }
  };

  return (
    <div
      ref={bar}
      class="seek-bar"
      data-testid="player-seek"
      role="slider"
      tabIndex={0}
      aria-label={t('Position in the lesson')}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration_ms / 1_000)}
      aria-valuenow={Math.round(position_ms / 1_000)}
      aria-valuetext={t('{time} of {whole}', { time: spokenTime(position_ms), whole: spokenTime(duration_ms) })}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={() => playback.endScrub()}
      onPointerCancel={() => playback.endScrub()}
      onPointerLeave={() => setHover(null)}
    >
      <div class="seek-bar__line">
        <span class="seek-bar__played" style={{ width: share(position_ms) }} />
        {stretches(manifest?.gaps ?? []).map(({ from_ms, to_ms, isWhole }) => (
          <span
            key={`${from_ms}-${isWhole}`}
            class="seek-bar__hole"
            data-whole={isWhole}
            data-testid="player-gap"
            style={{
              left: share(Math.max(0, from_ms - start_ms)),
              width: share(to_ms - Math.max(start_ms, from_ms)),
            }}
          />
        ))}
        {chapters.map((chapter) => (
          <span
            key={`${chapter.t_ms}-${chapter.title}`}
            class="seek-bar__chapter"
            data-kind={chapter.kind}
            style={{ left: share(chapter.t_ms - start_ms) }}
          />
        ))}
      </div>
      {notes.notes.value.list.filter(isNoChapter).map((note) => (
        <span
          key={note.id}
          class="seek-bar__note"
          data-audience={note.audience}
          style={{ left: share(note.t_ms - start_ms) }}
        />
      ))}
      <span class="seek-bar__handle" style={{ left: share(position_ms) }} />
      {hover !== null && (
        <span
          class="seek-bar__tip"
          data-shot={manifest?.storyboard ? 'true' : undefined}
          style={{ left: manifest?.storyboard ? tipPlace(hover / duration_ms, manifest.storyboard) : share(hover) }}
        >
          {manifest?.storyboard && <Shot board={manifest.storyboard} lesson_ms={hover} />}
          <time>{formatTime(hover)}</time>
          <ChapterName chapter={chapterAt(playback.chapters.value, start_ms + hover)} />
          {missingAt(manifest?.gaps ?? [], start_ms + hover, playback.people.value).map((sentence) => (
            <span key={sentence} class="seek-bar__tip-gap">
              {sentence}
            </span>
          ))}
        </span>
      )}
    </div>
  );
}

/** Where the picture stands so that it stays on the page. */
function tipPlace(place: number, { width }: Storyboard): string {
  const half = `${width / 2 + 6}px`;
  return `clamp(${half}, ${clampShare(place) * 100}%, calc(100% - ${half}))`;
}

function Shot({ board, lesson_ms }: { board: Storyboard; lesson_ms: number }) {
  const shot = shotAt(board, lesson_ms);
  return (
    <span
      class="seek-bar__shot"
      aria-hidden="true"
      data-testid="player-shot"
      style={{
        width: `${board.width}px`,
        height: `${board.height}px`,
        backgroundImage: shot ? `url("${encodeURI(board.url)}")` : 'none',
        backgroundPosition: shot ? `-${shot.x}px -${shot.y}px` : '0 0',
      }}
    />
  );
}

function ChapterName({ chapter }: { chapter: Chapter | null }) {
  return chapter?.title ? <span class="seek-bar__tip-title">{chapter.title}</span> : null;
}

/** The chapter that a moment lies in: the last one begun by then. */
export function chapterAt(chapters: readonly Chapter[], t_ms: number): Chapter | null {
  return chapters.findLast((chapter) => chapter.t_ms <= t_ms) ?? null;
}

const isNoChapter = ({ audience }: Note): boolean => audience !== 'chapter';

function clampShare(share: number): number {
  return Math.min(1, Math.max(0, share));
}
