import { AudioLines } from 'lucide-preact';
import { t } from '../ui/i18n';
import type { Playback } from './playback';
import { chapterAt } from './SeekBar';

/** In the place of the board, when one only listens: the chapter, and a way back to the picture. */
export function SoundOnly({ playback }: { playback: Playback }) {
  const chapter = chapterAt(playback.chapters.value, playback.shown_ms.value);
  return (
    <div class="state sound-only" data-testid="player-sound-panel">
      <span class="state__mark">
        <AudioLines class="icon" aria-hidden="true" />
      </span>
      <h2>{chapter?.title || t('Sound only')}</h2>
      <p class="state__text">{t('Neither the board nor cameras are loaded or painted.')}</p>
      <button
        type="button"
        class="button"
        onClick={() => playback.choose({ ...playback.view.peek(), soundOnly: false })}
      >
        {t('Show the board')}
      </button>
    </div>
  );
}
