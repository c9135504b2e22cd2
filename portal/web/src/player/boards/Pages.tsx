import { ChevronLeft, ChevronRight, Plus } from 'lucide-preact';
import type { PageId } from '../../core/ids';
import type { Page } from '../../core/shape';
import { IconButton } from '../../ui/IconButton';
import { t } from '../../ui/i18n';

interface PagesProps {
  pages: readonly Page[];
  page: PageId;
  onTurn: (page: PageId) => void;
  /** Offers a new page. */
  onAdd?: () => void;
}

/** The pages of a board: one back, one on, one more. */
export function Pages({ pages, page, onTurn, onAdd }: PagesProps) {
  const at = Math.max(
    0,
    pages.findIndex(({ id }) => id === page),
  );
  const turn = (by: number): void => {
    const to = pages[at + by];
    if (to) {
      onTurn(to.id);
    }
  };
  return (
    <div class="own-board__pages" role="toolbar" aria-label={t('Pages')}>
      <IconButton
        label={t('Page before')}
        class="button--quiet button--small"
        disabled={at === 0}
        onPress={() => turn(-1)}
      >
        <ChevronLeft class="icon" aria-hidden="true" />
      </IconButton>
      <span class="pager__words">
        <span class="pager__title">{pages[at]?.title || t('Page')}</span>{' '}
        <span class="numbers">
          {at + 1}/{pages.length}
        </span>
      </span>
      <IconButton
        label={t('Next page')}
        class="button--quiet button--small"
        disabled={at >= pages.length - 1}
        onPress={() => turn(1)}
      >
        <ChevronRight class="icon" aria-hidden="true" />
      </IconButton>
      {onAdd && (
        <IconButton label={t('Add a page')} class="button--quiet button--small" onPress={onAdd}>
          <Plus class="icon" aria-hidden="true" />
        </IconButton>
      )}
    </div>
  );
}
