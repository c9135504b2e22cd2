/** Above a desk: whose it is, who sees it, and the way back. */

import { ArrowLeft, Eye, EyeOff, LayoutGrid, NotebookPen } from 'lucide-preact';
import type { UserId } from '../../core/ids';
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
            All desks
          </button>
        </>
      )}
      <button type="button" class="button button--small" data-testid="desk-back" onClick={() => desks.go(null)}>
        <ArrowLeft class="icon" aria-hidden="true" />
        Class board
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
      {isShown ? 'Stop showing' : 'Show to everybody'}
    </button>
  );
}

function deskWords(store: RoomStore, user: UserId): string {
  const { desks } = store;
  const isShown = desks.shown.value === user;
  if (user === store.me.value?.user) {
    return isShown
      ? 'Your desk. Your tutor shows it to everybody now.'
      : 'Your desk. Only you and your tutor see it. It is recorded.';
  }
  const whose = `${desks.name(user)}’s desk.`;
  if (!store.isStaff.value) {
    return `${whose} Your tutor shows it to everybody.`;
  }
  return isShown ? `${whose} Everybody sees it now.` : `${whose} The other students do not see it.`;
}
