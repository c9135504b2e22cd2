/** All pages at a glance: their order, their ruling, and the board as files. */

import { ArrowLeft, ArrowRight, LayoutGrid, Trash2 } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { pageBox } from '../board/out';
import { paperOf } from '../board/paper';
import { paintPicture } from '../board/picture';
import { MAIN_PAGE, type PageId } from '../core/ids';
import { indexBetween } from '../core/pageindex';
import { BACKGROUNDS, type Background, type Page } from '../core/shape';
import { IconButton } from '../ui/IconButton';
import { type Phrase, phrase, t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { theme } from '../ui/theme';
import { FileButtons } from './FileButtons';
import { historyRequest } from './history/request';
import { PageName } from './PageName';
import type { RoomStore } from './store';
import { pageName } from './words';

const THUMB = { width: 144, height: 81 } as const;
const RULINGS: Readonly<Record<Background, Phrase>> = {
  plain: phrase('Plain'),
  grid: phrase('Squares'),
  lined: phrase('Lines'),
  dots: phrase('Dots'),
  axes: phrase('Axes'),
};

export function PageMenu({ store }: { store: RoomStore }) {
  return (
    <Popover
      label={t('All pages')}
      side="above-start"
      testId="page-panel"
      button={{
        label: t('All pages'),
        testId: 'page-menu',
        class: 'button--quiet button--small',
        children: <LayoutGrid class="icon" aria-hidden="true" />,
      }}
    >
      <Panel store={store} />
    </Popover>
  );
}

function Panel({ store }: { store: RoomStore }) {
  const pages = store.pages.value;
  const current = pages.find(({ id }) => id === store.page.value);
  const mayDraw = store.mayDraw.value;
  return (
    <div class="page-panel">
      <ol class="page-panel__pages">
        {pages.map((page, position) => (
          <Thumbnail key={page.id} store={store} page={page} position={position} />
        ))}
      </ol>
      {mayDraw && current && (
        <>
          <fieldset class="look__options">
            <legend>{t('Ruling')}</legend>
            {BACKGROUNDS.map((background) => (
              <button
                key={background}
                type="button"
                class="look__option"
                aria-pressed={current.background === background}
                data-testid={`ruling-${background}`}
                onClick={() => store.session.board.setPage(current.id, { background })}
              >
                {t(RULINGS[background])}
              </button>
            ))}
          </fieldset>
          <Order store={store} page={current} />
        </>
      )}
      {mayDraw && <Deleted store={store} />}
      <button
        type="button"
        class="look__option"
        data-testid="history-open"
        data-closes
        onClick={() => {
          historyRequest.value = true;
        }}
      >
        {t('Earlier versions of this page…')}
      </button>
      <FileButtons store={store} />
    </div>
  );
}

function Thumbnail({ store, page, position }: { store: RoomStore; page: Page; position: number }) {
  const host = useRef<HTMLSpanElement>(null);
  const { board } = store.session;
  const themeName = theme.value;
  useEffect(() => {
    const box = pageBox(board, page.id);
    const ratio = globalThis.devicePixelRatio;
    const scale = ratio * Math.min(THUMB.width / (box.maxX - box.minX), THUMB.height / (box.maxY - box.minY));
    const [width, height] = [THUMB.width * ratio, THUMB.height * ratio];
    const frame = {
      width: Math.round(width),
      height: Math.round(height),
      scale,
      originX: Math.round(width / 2 - ((box.minX + box.maxX) / 2) * scale),
      originY: Math.round(height / 2 - ((box.minY + box.maxY) / 2) * scale),
    };
    const paint = (): void => {
      host.current?.replaceChildren(
        paintPicture(board, page.id, frame, null, paperOf(board, page.id, themeName), store.pictures),
      );
    };
    paint();
    let isGone = false;
    void store.whenPictures(page.id).then((hasCome) => hasCome && !isGone && paint());
    return () => {
      isGone = true;
    };
  }, [board, page.id, page.background, themeName, store]);
  return (
    <li>
      <button
        type="button"
        class="page-panel__page"
        aria-current={store.page.value === page.id ? 'page' : undefined}
        data-testid={`thumb-${position}`}
        draggable={store.mayDraw.value}
        onClick={() => store.turnTo(page.id)}
        onDragStart={(event) => event.dataTransfer?.setData('text/x-page', page.id)}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          const moved = event.dataTransfer?.getData('text/x-page');
          if (moved && moved !== page.id) {
            moveTo(store, moved as PageId, position);
          }
        }}
      >
        <span class="page-panel__picture" ref={host} />
        <span class="page-panel__name">
          <PageName name={pageName(page.title, position)} />
        </span>
      </button>
    </li>
  );
}

/** Puts a page where another stands; those from there on move along. */
function moveTo(store: RoomStore, id: PageId, position: number): void {
  const from = store.pages.value.findIndex((page) => page.id === id);
  const others = store.pages.value.filter((page) => page.id !== id);
  const slot = Math.max(0, Math.min(others.length, position));
  if (from < 0 || slot === from) {
    return;
  }
  const index = indexBetween(others[slot - 1]?.index ?? null, others[slot]?.index ?? null);
  store.session.board.setPage(id, { index });
}

/** Deleting takes a page away from everybody, with the work of others on it: so it can always be brought back. */
function Deleted({ store }: { store: RoomStore }) {
  const { board } = store.session;
  return (
    <>
      {board.erasedPages().map(({ id, title }) => (
        <button
          key={id}
          type="button"
          class="look__option"
          data-testid="page-restore"
          onClick={() => {
            board.setPage(id, { erased: false });
            store.turnTo(id);
          }}
        >
          {title === '' ? t('Bring the deleted page back') : t('Bring “{title}” back', { title })}
        </button>
      ))}
    </>
  );
}

function Order({ store, page }: { store: RoomStore; page: Page }) {
  const [isAsking, setAsking] = useState(false);
  const pages = store.pages.value;
  const position = pages.findIndex(({ id }) => id === page.id);
  const mayDelete = page.id !== MAIN_PAGE && pages.length > 1;
  return (
    <div class="page-panel__order">
      <IconButton
        label={t('Move this page forward')}
        testId="page-earlier"
        disabled={position <= 0}
        onPress={() => moveTo(store, page.id, position - 1)}
      >
        <ArrowLeft class="icon" aria-hidden="true" />
      </IconButton>
      <IconButton
        label={t('Move this page back')}
        testId="page-later"
        disabled={position >= pages.length - 1}
        onPress={() => moveTo(store, page.id, position + 1)}
      >
        <ArrowRight class="icon" aria-hidden="true" />
      </IconButton>
      {mayDelete && !isAsking && (
        <IconButton label={t('Delete this page')} testId="page-delete" onPress={() => setAsking(true)}>
          <Trash2 class="icon" aria-hidden="true" />
        </IconButton>
      )}
      {isAsking && (
        <button
          type="button"
          class="button button--small"
          data-testid="page-delete-sure"
          onClick={() => {
            setAsking(false);
            store.session.board.erasePage(page.id);
          }}
        >
          {t('Delete it for everybody')}
        </button>
      )}
    </div>
  );
}
