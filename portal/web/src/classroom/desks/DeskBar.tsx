/** Above a desk: whose it is, who sees it, and the way back. */

import { ArrowLeft, Eye, EyeOff, LayoutGrid, NotebookPen } from 'lucide-preact';
import type { UserId } from '../../core/ids';
import { t } from '../../ui/i18n';
import type { RoomStore } from '../store';

export function DeskBar({ store }: { store: RoomStore }) {
  const { desks } = store;
  const user = desks.at.value;
  if (user === null) {
    return null;
  }
  return (
    <div class="desk-bar" data-testid="desk-bar">
      <NotebookPen class="icon" aria-hidden="true" />
      <span class="desk-bar__words" role="status">
        {deskWords(store, user)}
      </span>
      {store.isStaff.value && (
        <>
          <ShowButton store={store} user={user} />
          <button type="button" class="button button--small" onClick={() => desks.toggle()}>
            <LayoutGrid class="icon" aria-hidden="true" />
            {t('All desks')}
          </button>
        </>
      )}
      <button type="button" class="button button--small" data-testid="desk-back" onClick={() => desks.go(null)}>
        <ArrowLeft class="icon" aria-hidden="true" />
        {t('Class board')}
      </button>
    </div>
  );
}

export function ShowButton({ store, user }: { store: RoomStore; user: UserId }) {
  const { desks } = store;
  const isShown = desks.shown.value === user;
  return (
    <button
      type="button"
      class="button button--small"
      aria-pressed={isShown}
      data-testid={`desk-show-${user}`}
      onClick={() => desks.show(isShown ? null : user)}
    >
      {isShown ? <EyeOff class="icon" aria-hidden="true" /> : <Eye class="icon" aria-hidden="true" />}
      {isShown ? t('Stop showing') : t('Show to everybody')}
    </button>
  );
}

function deskWords(store: RoomStore, user: UserId): string {
  const { desks } = store;
  const isShown = desks.shown.value === user;
  if (user === store.me.value?.user) {
    return isShown
      ? t('Your desk. Your tutor shows it to everybody now.')
      : t('Your desk. Only you and your tutor see it. It is recorded.');
  }
  const name = desks.name(user);
  if (!store.isStaff.value) {
    return t('{name}’s desk. Your tutor shows it to everybody.', { name });
  }
  return isShown
    ? t('{name}’s desk. Everybody sees it now.', { name })
    : t('{name}’s desk. The other students do not see it.', { name });
}
