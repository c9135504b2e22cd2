import { ChevronLeft, ChevronRight, Undo2 } from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import type { Playback } from './playback';

/** The board's pages at this moment. Turning one oneself stays there until one goes back to the lesson's page. */
export function Pager({ playback }: { playback: Playback }) {
  const pages = playback.pages.value;
  if (pages.length < 2) {
    return null;
  }
  const at = Math.max(
    0,
    pages.findIndex(({ id }) => id === playback.page.value),
  );
  const title = pages[at]?.title;
  const turn = (by: number): void => {
    const page = pages[at + by];
    if (page) {
      playback.pin(page.id);
    }
  };
  return (
    <div class="pager" role="toolbar" aria-label={t('Pages')}>
      <IconButton
        label={t('Page before')}
        class="button--quiet button--small"
        disabled={at === 0}
        onPress={() => turn(-1)}
      >
        <ChevronLeft class="icon" aria-hidden="true" />
      </IconButton>
      <span class="pager__words" data-testid="player-page" data-page={playback.page.value}>
        {title ? <span class="pager__title">{title}</span> : t('Page')}{' '}
        <span class="numbers">
          {at + 1}/{pages.length}
        </span>
      </span>
      <IconButton
        label={t('Next page')}
        class="button--quiet button--small"
        disabled={at === pages.length - 1}
        onPress={() => turn(1)}
      >
        <ChevronRight class="icon" aria-hidden="true" />
      </IconButton>
      {playback.pinned.value !== null && (
        <button type="button" class="button button--small" onClick={() => playback.pin(null)}>
          <Undo2 class="icon" aria-hidden="true" />
          {t('Follow the lesson')}
        </button>
      )}
    </div>
  );
}
