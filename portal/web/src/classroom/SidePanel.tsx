/** People and chat beside the board; on small screens a sheet over it. */

import { X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import type { BoardController } from '../board/controller';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { ChatPanel } from './ChatPanel';
import { ContentsPanel } from './contents/ContentsPanel';
import type { Door } from './door';
import { PeoplePanel } from './PeoplePanel';
import type { RoomStore } from './store';

const TABS = ['people', 'chat', 'contents'] as const;
export type PanelTab = (typeof TABS)[number];

export interface SidePanelProps {
  store: RoomStore;
  /** null: the board is being built. */
  controller: BoardController | null;
  /** For staff. */
  door: Door | null;
  tab: PanelTab;
  isOpen: boolean;
  unread: number;
  onTab: (tab: PanelTab) => void;
  onClose: () => void;
}

export function SidePanel({ store, controller, door, tab, isOpen, unread, onTab, onClose }: SidePanelProps) {
  const isOver = store.state.value === 'ended';
  const hands = isOver ? 0 : store.everybody.value.filter((person) => person.presence.hand).length;
  return (
    <aside
      class="panel"
      aria-label={t('People, chat and contents of the board')}
      data-open={isOpen}
      data-testid="panel"
    >
      <div class="panel__head">
        <div class="tabs" role="tablist" aria-label={t('People, chat and contents of the board')}>
          <Tab name="people" tab={tab} onTab={onTab}>
            {t('People')}
            {hands > 0 && (
              <span class="panel__count panel__count--attention">
                {hands}
                <span class="visually-hidden"> {t('with a raised hand')}</span>
              </span>
            )}
          </Tab>
          <Tab name="chat" tab={tab} onTab={onTab}>
            {t('Chat')}
            {unread > 0 && (
              <span class="panel__count" data-testid="chat-unread">
                {unread}
                <span class="visually-hidden"> {t('new')}</span>
              </span>
            )}
          </Tab>
          <Tab name="contents" tab={tab} onTab={onTab}>
            {t('Board')}
          </Tab>
        </div>
        <IconButton
          label={t('Close')}
          testId="panel-close"
          tip="left"
          class="button--quiet panel__close"
          onPress={onClose}
        >
          <X class="icon" aria-hidden="true" />
        </IconButton>
      </div>
      <div class="panel__body" role="tabpanel" id="panel-people" aria-labelledby="tab-people" hidden={tab !== 'people'}>
        <PeoplePanel store={store} door={door} />
      </div>
      <div class="panel__body" role="tabpanel" id="panel-chat" aria-labelledby="tab-chat" hidden={tab !== 'chat'}>
        <ChatPanel store={store} isShown={tab === 'chat'} />
      </div>
      <div
        class="panel__body"
        role="tabpanel"
        id="panel-contents"
        aria-labelledby="tab-contents"
        hidden={tab !== 'contents'}
      >
        {controller && <ContentsPanel store={store} controller={controller} isShown={isOpen && tab === 'contents'} />}
      </div>
    </aside>
  );
}

interface TabProps {
  name: PanelTab;
  tab: PanelTab;
  onTab: (tab: PanelTab) => void;
  children: ComponentChildren;
}

function Tab({ name, tab, onTab, children }: TabProps) {
  const isSelected = name === tab;
  return (
    <button
      type="button"
      class="tabs__tab"
      role="tab"
      id={`tab-${name}`}
      aria-selected={isSelected}
      aria-controls={`panel-${name}`}
      tabIndex={isSelected ? 0 : -1}
      data-testid={`tab-${name}`}
      onClick={() => onTab(name)}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
          const step = event.key === 'ArrowRight' ? 1 : TABS.length - 1;
          const other = TABS[(TABS.indexOf(name) + step) % TABS.length] ?? name;
          onTab(other);
          document.getElementById(`tab-${other}`)?.focus();
        }
      }}
    >
      {children}
    </button>
  );
}
