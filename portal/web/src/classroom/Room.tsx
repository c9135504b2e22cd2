/** The lesson itself: board in the middle, tools, pages, people and chat around it. */

import { useComputed } from '@preact/signals';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { BoardSurface } from '../board/BoardSurface';
import type { BoardController } from '../board/controller';
import type { LocalMedia } from '../media/localMedia';
import { Toasts } from '../ui/toasts';
import type { ClassroomPortal } from './api';
import { Banners } from './Banners';
import { BottomBar } from './BottomBar';
import { RoomCard } from './Cards';
import { Door } from './door';
import { exposeForTests } from './expose';
import { EndDialog, LeaveDialog, StartRefusedDialog } from './RoomDialogs';
import type { RoomSession } from './room';
import { SelectionBar } from './SelectionBar';
import { type PanelTab, SidePanel } from './SidePanel';
import { endLesson, type StartRefusal, startLesson } from './staff';
import { RoomStore } from './store';
import { Tiles } from './Tiles';
import { ToolRail } from './ToolRail';
import { TopBar } from './TopBar';
import { useLocalMedia } from './useLocalMedia';

export interface RoomProps {
  session: RoomSession;
  media: LocalMedia;
  portal: ClassroomPortal;
  csrf: string;
  onLeave: () => void;
}

/** From this width on the panel stands beside the board; classroom.css has the same number. */
const WIDE = '(min-width: 1000px)';

export function Room({ session, media, portal, csrf, onLeave }: RoomProps) {
  const store = useMemo(() => new RoomStore(session), [session]);
  useEffect(() => () => store.close(), [store]);
  useLocalMedia(session, media, store.state.value === 'ended');

  const [controller, setController] = useState<BoardController | null>(null);
  const onController = useCallback(
    (made: BoardController | null) => {
      store.onLive = () => made?.view.refreshLive();
      store.onPicture = () => made?.view.repaintAll();
      store.onView = (box) => made?.view.fit(box);
      store.onPointOut = (page, ids) => made?.pointOut(page, ids);
      setController(made);
      exposeForTests(session, store, made);
    },
    [store, session],
  );

  const door = useDoor(store, portal);
  useEffect(() => store.asks.attach(media), [store, media]);
  const [tab, setTab] = useState<PanelTab>('people');
  const [isPanelOpen, setPanelOpen] = useState(() => matchMedia(WIDE).matches);
  const unread = useUnread(store, isPanelOpen && tab === 'chat');
  const [dialog, setDialog] = useState<'end' | 'leave' | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [refusal, setRefusal] = useState<StartRefusal | null>(null);

  const start = async (): Promise<void> => {
    setStarting(true);
    setRefusal(await startLesson(portal, session));
    setStarting(false);
  };
  const leave = (): void => {
    if (session.saveState.kind === 'saved') {
      onLeave();
    } else {
      setDialog('leave');
    }
  };

  return (
    <div class="room" data-panel={isPanelOpen ? 'open' : 'closed'}>
      <TopBar
        store={store}
        csrf={csrf}
        isPanelOpen={isPanelOpen}
        unread={unread}
        onPanel={() => setPanelOpen(!isPanelOpen)}
        onStart={() => void start()}
        onEnd={() => setDialog('end')}
        onLeave={leave}
        isStarting={isStarting}
      />
      <main class="room__board" id="content">
        <BoardSurface
          board={session.board}
          room={store}
          page={store.page.value}
          isWritable={store.mayDraw.value}
          cursors={store.cursors}
          onController={onController}
        >
          {controller && <SelectionBar controller={controller} who={(id) => session.person(id)?.name ?? null} />}
          <div class="room__over">
            <Banners store={store} />
            <RoomCard store={store} />
          </div>
        </BoardSurface>
      </main>
      <div class="room__rail">{controller && <ToolRail controller={controller} />}</div>
      {store.state.value !== 'ended' && <Tiles store={store} media={media} />}
      <SidePanel
        store={store}
        door={door}
        tab={tab}
        isOpen={isPanelOpen}
        unread={unread}
        onTab={setTab}
        onClose={() => setPanelOpen(false)}
      />
      <BottomBar store={store} media={media} controller={controller} />
      <Toasts />
      {dialog === 'end' && <EndDialog onClose={() => setDialog(null)} onEnd={() => endLesson(portal, session)} />}
      {dialog === 'leave' && <LeaveDialog state={store.save.value} onClose={() => setDialog(null)} onLeave={onLeave} />}
      {refusal && (
        <StartRefusedDialog
          refusal={refusal}
          isStarting={isStarting}
          onClose={() => setRefusal(null)}
          onRetry={() => void start()}
        />
      )}
    </div>
  );
}

/** Who waits and who was put out, while this person leads the lesson. */
function useDoor(store: RoomStore, portal: ClassroomPortal): Door | null {
  const isWanted = store.isStaff.value && store.me.value !== null && store.state.value !== 'ended';
  const door = useMemo(() => (isWanted ? new Door(portal, store.session) : null), [isWanted, portal, store]);
  useEffect(() => {
    door?.start();
    return () => door?.close();
  }, [door]);
  return door;
}

/** Messages of others since the chat was last on the screen. */
function useUnread(store: RoomStore, isChatShown: boolean): number {
  const [seenMs, setSeenMs] = useState(() => store.now());
  const newest = useComputed(() => store.messages.value.at(-1)?.at ?? 0).value;
  useEffect(() => {
    if (isChatShown) {
      setSeenMs(Math.max(newest, store.now()));
    }
  }, [isChatShown, newest, store]);
  const mine = store.me.value?.session;
  return isChatShown ? 0 : store.messages.value.filter(({ at, author }) => at > seenMs && author !== mine).length;
}
