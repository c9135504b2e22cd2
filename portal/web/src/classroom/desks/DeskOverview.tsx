/** All desks at a glance, live: for the staff. */

import { X } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { pageBox } from '../../board/out';
import { paperOf } from '../../board/paper';
import { paintPicture } from '../../board/picture';
import { MAIN_PAGE } from '../../core/ids';
import { IconButton } from '../../ui/IconButton';
import { t } from '../../ui/i18n';
import { theme } from '../../ui/theme';
import type { RoomStore } from '../store';
import { ShowButton } from './DeskBar';
import type { DeskPerson } from './desks';

const PICTURE = { width: 320, height: 180 } as const;
/** How soon a change is seen here, ms: strokes of a whole class come often. */
const REPAINT_MS = 400;

export function DeskOverview({ store }: { store: RoomStore }) {
  const { desks } = store;
  const students = desks.students.value;
  return (
    <section
      class="desks"
      aria-label={t('Desks')}
      data-testid="desks"
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          desks.isOverview.value = false;
        }
      }}
    >
      <div class="desks__head">
        <h2>{t('Desks')}</h2>
        <IconButton label={t('Close')} testId="desks-close" tip="left" onPress={() => desks.toggle()}>
          <X class="icon" aria-hidden="true" />
        </IconButton>
      </div>
      {students.length === 0 ? (
        <div class="state">
          <h3>{t('No student is here yet')}</h3>
          <p class="state__text">{t('Each has a desk of their own, which stands here as soon as they come in.')}</p>
        </div>
      ) : (
        <ul class="desks__list">
          {students.map((person) => (
            <DeskCard key={person.user} store={store} person={person} />
          ))}
        </ul>
      )}
    </section>
  );
}

function DeskCard({ store, person }: { store: RoomStore; person: DeskPerson }) {
  const host = useRef<HTMLSpanElement>(null);
  const board = store.desks.board(person.user);
  const themeName = theme.value;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paint = (): void => {
      timer = undefined;
      const box = pageBox(board, MAIN_PAGE);
      const scale = Math.min(PICTURE.width / (box.maxX - box.minX), PICTURE.height / (box.maxY - box.minY)) * 2;
      const frame = {
        width: PICTURE.width * 2,
        height: PICTURE.height * 2,
        scale,
        originX: PICTURE.width - ((box.minX + box.maxX) / 2) * scale,
        originY: PICTURE.height - ((box.minY + box.maxY) / 2) * scale,
      };
      host.current?.replaceChildren(
        paintPicture(board, MAIN_PAGE, frame, null, paperOf(board, MAIN_PAGE, themeName), store.pictures),
      );
    };
    const later = (): void => {
      timer ??= setTimeout(paint, REPAINT_MS);
    };
    paint();
    let isGone = false;
    void store.whenPictures(MAIN_PAGE, board).then((hasCome) => hasCome && !isGone && later());
    const stop = board.onChange(later);
    return () => {
      isGone = true;
      stop();
      clearTimeout(timer);
    };
  }, [board, themeName, store]);
  return (
    <li class="desks__card" data-shown={store.desks.shown.value === person.user}>
      <button
        type="button"
        class="desks__open"
        aria-label={t('Go to the desk of {name}', { name: person.name })}
        data-testid={`desk-${person.user}`}
        onClick={() => store.desks.go(person.user)}
      >
        <span class="desks__picture" ref={host} />
      </button>
      <div class="desks__foot">
        <span class="desks__name" dir="auto">
          {person.name}
        </span>
        <ShowButton store={store} user={person.user} />
      </div>
    </li>
  );
}
