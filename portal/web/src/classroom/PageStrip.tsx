/** The pages of the board: go to one, add one, name one, and see where the tutor is. */

import { LocateFixed, NotebookPen, Presentation } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { BoardController } from '../board/controller';
import type { Page } from '../core/shape';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { AddPage } from './AddPage';
import { PageMenu } from './PageMenu';
import { PageName } from './PageName';
import { SpotlightButton } from './Spotlight';
import type { RoomStore } from './store';
import { pageName } from './words';

const LONGEST_TITLE = 60;

export function PageStrip({ store, controller }: { store: RoomStore; controller: BoardController | null }) {
  const pages = store.pages.value;
  const mayAdd = store.mayDraw.value;
  const strip = useRef<HTMLElement>(null);
  const current = store.page.value;

  useEffect(() => {
    strip.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current, pages.length]);

  return (
    <nav class="pages" aria-label={t('Pages')} ref={strip}>
      {store.desks.isOn.value && <DeskButton store={store} />}
      <ol class="pages__list">
        {pages.map((page, position) => (
          <PageTab
            key={page.id}
            store={store}
            page={page}
            position={position}
            mayRename={mayAdd && store.isStaff.value}
          />
        ))}
      </ol>
      {mayAdd && <AddPage store={store} />}
      <PageMenu store={store} />
      {store.isStaff.value && store.session.stage.writable && store.state.value !== 'ended' && (
        <IconButton
          label={
            store.isLeading
              ? t('Stop leading: everybody looks where they like')
              : t('Lead: everybody sees what you see')
          }
          testId="lead"
          class="button--quiet button--small"
          pressed={store.isLeading}
          onPress={() => store.setLeading(!store.isLeading)}
        >
          <Presentation class="icon" aria-hidden="true" />
        </IconButton>
      )}
      {controller && store.isStaff.value && store.state.value !== 'ended' && store.desks.at.value === null && (
        <SpotlightButton store={store} controller={controller} />
      )}
      {!store.isFollowing.value && !store.isStaff.value && (
        <button
          type="button"
          class="button button--small pages__follow"
          title={t('Go to the tutor')}
          data-testid="follow"
          onClick={() => store.follow()}
        >
          <LocateFixed class="icon" aria-hidden="true" />
          <span class="pages__desk-words">{t('Go to the tutor')}</span>
        </button>
      )}
    </nav>
  );
}

function DeskButton({ store }: { store: RoomStore }) {
  const { desks, isStaff } = store;
  if (isStaff.value) {
    return (
      <IconButton
        label={t('Desks of the students')}
        testId="desk-toggle"
        class="button--quiet button--small"
        pressed={desks.isOverview.value}
        onPress={() => desks.toggle()}
      >
        <NotebookPen class="icon" aria-hidden="true" />
      </IconButton>
    );
  }
  return (
    <button
      type="button"
      class="button button--small pages__desk"
      title={t('My desk')}
      aria-pressed={desks.at.value !== null}
      data-testid="desk-toggle"
      onClick={() => desks.toggle()}
    >
      <NotebookPen class="icon" aria-hidden="true" />
      <span class="pages__desk-words">{t('My desk')}</span>
    </button>
  );
}

interface PageTabProps {
  store: RoomStore;
  page: Page;
  position: number;
  mayRename: boolean;
}

function PageTab({ store, page, position, mayRename }: PageTabProps) {
  const [isRenaming, setRenaming] = useState(false);
  const isCurrent = store.desks.at.value === null && store.page.value === page.id;
  const tutor = store.tutorPages.value.get(page.id);
  const name = pageName(page.title, position);
  if (isRenaming && mayRename) {
    return (
      <li>
        <RenameField
          name={name}
          onDone={(title) => {
            setRenaming(false);
            if (title !== null && title !== name) {
              store.session.board.setPage(page.id, { title });
            }
          }}
        />
      </li>
    );
  }
  return (
    <li>
      <button
        type="button"
        class="pages__tab"
        aria-current={isCurrent ? 'page' : undefined}
        data-testid={`page-${position}`}
        title={mayRename ? t('{name} (double-click to rename)', { name }) : name}
        onClick={() => store.turnTo(page.id)}
        onDblClick={() => mayRename && setRenaming(true)}
        onKeyDown={(event) => {
          if (event.key === 'F2' && mayRename) {
            setRenaming(true);
          }
        }}
      >
        <PageName name={name} />
        {tutor && (
          <span class="pages__tutor" style={{ '--person': tutor.colour }}>
            <span class="visually-hidden">{t('{name} is here', { name: tutor.name })}</span>
          </span>
        )}
      </button>
    </li>
  );
}

function RenameField({ name, onDone }: { name: string; onDone: (title: string | null) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.select();
  }, []);
  return (
    <input
      ref={field}
      class="pages__rename"
      aria-label={t('Name of the page')}
      maxLength={LONGEST_TITLE}
      defaultValue={name}
      onBlur={(event) => onDone(event.currentTarget.value.trim())}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          onDone(event.currentTarget.value.trim());
        } else if (event.key === 'Escape') {
          onDone(null);
        }
      }}
    />
  );
}
