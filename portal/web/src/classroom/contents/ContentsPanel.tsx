/** What is on the board, as a list: to look for words, and to work on things without seeing them. */

import { Search } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { BoardController } from '../../board/controller';
import { type Thing, thingsOf } from '../../board/describe';
import { MOVED_WORDS } from '../../board/words';
import type { PageId, ShapeId } from '../../core/ids';
import type { RoomStore } from '../store';
import { pageName } from '../words';
import { findOnBoard } from './find';
import './contents.css';
import { phrase, t, tn } from '../../ui/i18n';

/** More entries than this make no list that one walks through; the search finds the rest. */
const MOST = 300;
const NUDGE = 20;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-NUDGE, 0],
  ArrowRight: [NUDGE, 0],
  ArrowUp: [0, -NUDGE],
  ArrowDown: [0, NUDGE],
};

export interface ContentsPanelProps {
  store: RoomStore;
  controller: BoardController;
  /** Whether the list is on the screen: otherwise it need not follow every stroke. */
  isShown: boolean;
}

export function ContentsPanel({ store, controller, isShown }: ContentsPanelProps) {
  const [query, setQuery] = useState('');
  if (!isShown) {
    return null;
  }
  return (
    <div class="contents">
      <label class="contents__search">
        <Search class="icon" aria-hidden="true" />
        <span class="visually-hidden">{t('Find on the board')}</span>
        <input
          class="input"
          type="search"
          placeholder={t('Find on the board')}
          data-testid="find"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      {query.trim() === '' ? (
        <PageList store={store} controller={controller} />
      ) : (
        <Results store={store} controller={controller} query={query} />
      )}
    </div>
  );
}

/**
 * Renders the component again when the board changed, once a frame at most. Where the board is read, not above it: a
 * component that reads signals is not rendered with its parent while its props are the same.
 */
function useBoardVersion(controller: BoardController): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    let frame = 0;
    const stop = controller.board.onChange(() => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setVersion((version) => version + 1);
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [controller]);
}

function goTo(store: RoomStore, controller: BoardController, page: PageId, ids: readonly ShapeId[]): void {
  if (controller.board === store.session.board && page !== store.page.value) {
    store.turnTo(page);
  }
  controller.pointOut(page, ids);
}

function Results({ store, controller, query }: { store: RoomStore; controller: BoardController; query: string }) {
  useBoardVersion(controller);
  const pages = controller.board.pages();
  const found = findOnBoard(controller.board, query, controller.page);
  return (
    <>
      <p class="soft small" role="status" data-testid="find-count">
        {found.length === 0 ? t('Nothing with these words.') : tn(found.length, '{n} found', '{n} found')}
      </p>
      <ul class="contents__list">
        {found.map(({ page, id, snippet }) => {
          const position = pages.findIndex((each) => each.id === page);
          return (
            <li key={id}>
              <button
                type="button"
                class="contents__item"
                data-testid="find-result"
                onClick={() => goTo(store, controller, page, [id])}
              >
                <span>{snippet}</span>
                <span class="soft small">{pageName(pages[position]?.title ?? '', position)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function PageList({ store, controller }: { store: RoomStore; controller: BoardController }) {
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const [said, setSaid] = useState('');
  useBoardVersion(controller);
  const all = thingsOf(
    controller.board.shapes(controller.page),
    ({ author }) => store.session.person(author)?.name ?? null,
  );
  const things = all.slice(0, MOST);
  const current = Math.min(at, Math.max(0, things.length - 1));

  const focus = (position: number): void => {
    const to = Math.max(0, Math.min(things.length - 1, position));
    setAt(to);
    list.current?.querySelectorAll<HTMLElement>('button')[to]?.focus();
  };
  /** `isMore`: beside what is chosen already, or no longer. */
  const choose = (thing: Thing, isMore = false): void => {
    controller.choose('select');
    const { selection } = controller;
    const isChosen = isMore && thing.ids.every((id) => selection.has(id));
    const others = isMore ? [...selection].filter((id) => !thing.ids.includes(id)) : [];
    controller.selection = new Set(isChosen ? others : [...others, ...thing.ids]);
  };
  const onKeyDown = (event: KeyboardEvent, thing: Thing): void => {
    const arrow = Object.hasOwn(ARROWS, event.key) ? ARROWS[event.key] : undefined;
    const mayWrite = controller.isWritable.value;
    if (arrow && event.shiftKey && mayWrite) {
      choose(thing);
      controller.hands.move(...arrow);
      setSaid(t(MOVED_WORDS[event.key] ?? phrase('Moved')));
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      focus(current + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Home' || event.key === 'End') {
      focus(event.key === 'Home' ? 0 : things.length - 1);
    } else if ((event.key === 'Delete' || event.key === 'Backspace') && mayWrite) {
      choose(thing);
      const isLocked = controller.hands.free().length === 0;
      controller.hands.remove();
      setSaid(isLocked ? t('It is locked') : t('Deleted'));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  if (things.length === 0) {
    return <p class="soft small">{t('Nothing is on this page yet.')}</p>;
  }
  return (
    <>
      <p class="soft small" id="contents-help">
        {t('Arrow keys walk through, Enter shows, Shift and Enter choose more, Shift and arrows move, Delete removes.')}
      </p>
      <ul class="contents__list" ref={list} aria-label={t('On this page')} aria-describedby="contents-help">
        {things.map((thing, position) => (
          <li key={thing.ids[0]}>
            <button
              type="button"
              class="contents__item"
              tabIndex={position === current ? 0 : -1}
              data-testid="contents-item"
              aria-pressed={thing.ids.every((id) => controller.selected.value.has(id))}
              onFocus={() => setAt(position)}
              onClick={(event) => {
                choose(thing, event.shiftKey);
                controller.pointOut(controller.page, thing.ids);
              }}
              onKeyDown={(event) => onKeyDown(event, thing)}
            >
              {thing.words}
            </button>
          </li>
        ))}
      </ul>
      {all.length > MOST && (
        <p class="soft small">{t('And {n} more. The search finds them.', { n: all.length - MOST })}</p>
      )}
      <p class="visually-hidden" role="status">
        {said}
      </p>
    </>
  );
}
