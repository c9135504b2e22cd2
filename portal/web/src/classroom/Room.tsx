/** The lesson itself: board in the middle, tools, pages, people and chat around it. */

import { useComputed } from '@preact/signals';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BoardSurface } from '../board/BoardSurface';
import { placePicture } from '../board/clipboard';
import type { BoardController } from '../board/controller';
import { MAIN_PAGE } from '../core/ids';
import type { LocalMedia } from '../media/localMedia';
import { t } from '../ui/i18n';
import { Toasts } from '../ui/toasts';
import type { ClassroomPortal } from './api';
import { Banners } from './Banners';
import { BottomBar } from './BottomBar';
import { BringDialog } from './bring/BringDialog';
import { HttpPagesPortal } from './bring/pagesPortal';
import { bringRequest } from './bring/request';
import { RoomCard } from './Cards';
import { DeskBar } from './desks/DeskBar';
import { DeskOverview } from './desks/DeskOverview';
import { deskRoom } from './desks/desks';
import { Door } from './door';
import { exposeForTests } from './expose';
import { HistoryDialog } from './history/HistoryDialog';
import { historyRequest } from './history/request';
import { EndDialog, LeaveDialog, StartRefusedDialog } from './RoomDialogs';
import type { RoomSession } from './room';
import { SelectionBar } from './SelectionBar';
import { type PanelTab, SidePanel } from './SidePanel';
import { SpotFrame } from './Spotlight';
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
      // Of the board of all: whoever sits at a desk is left alone.
      const isShared = made?.board === session.board;
      store.onView = (box) => {
        if (isShared) {
          // The page is turned first: it brings its own view along.
          made?.turnTo(store.page.value);
          made?.cameras.lookAt(box);
        }
      };
      store.onPointOut = (page, ids) => isShared && made?.pointOut(page, ids);
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
  const pagesPortal = useMemo(() => new HttpPagesPortal(session.info.lesson, csrf), [session, csrf]);
  const [refusal, setRefusal] = useState<StartRefusal | null>(null);

  useFindKey(() => {
    setTab('contents');
    setPanelOpen(true);
  });

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

  const { desks } = store;
  const deskUser = desks.at.value;
  const room = useMemo(() => (deskUser === null ? store : deskRoom(store, deskUser)), [store, deskUser]);

  return (
    <div class="room" data-panel={isPanelOpen ? 'open' : 'closed'}>
      <button type="button" class="skip-link" onClick={() => controller?.view.canvas.focus()}>
        {t('Skip to the board')}
      </button>
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
      <main class="room__board" id="content" onDropCapture={(event) => dropPdf(event, store.mayDraw.value)}>
        <BoardSurface
          board={deskUser === null ? session.board : desks.board(deskUser)}
          room={room}
          page={deskUser === null ? store.page.value : MAIN_PAGE}
          isWritable={deskUser === null ? store.mayDraw.value : desks.mayWrite.value}
          cursors={store.cursors}
          onController={onController}
        >
          {controller && <SelectionBar controller={controller} who={(id) => session.person(id)?.name ?? null} />}
          {controller && <SpotFrame store={store} controller={controller} />}
          <div class="room__over">
            <DeskBar store={store} />
            <Banners store={store} />
            <RoomCard store={store} />
          </div>
        </BoardSurface>
        {desks.isOverview.value && <DeskOverview store={store} />}
      </main>
      <div class="room__rail">{controller && <ToolRail controller={controller} />}</div>
      {store.state.value !== 'ended' && <Tiles store={store} media={media} />}
      <SidePanel
        store={store}
        controller={controller}
        door={door}
        tab={tab}
        isOpen={isPanelOpen}
        unread={unread}
        onTab={setTab}
        onClose={() => setPanelOpen(false)}
      />
      <BottomBar store={store} media={media} controller={controller} />
      <Toasts />
      {historyRequest.value && (
        <HistoryDialog
          store={store}
          onClose={() => {
            historyRequest.value = false;
          }}
        />
      )}
      {controller && bringRequest.value !== null && (
        <BringDialog
          store={store}
          portal={pagesPortal}
          file={bringRequest.value === 'choose' ? null : bringRequest.value}
          placePicture={(file) => placePicture(controller, file)}
          onClose={() => {
            bringRequest.value = null;
          }}
        />
      )}
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

/** A PDF that is dropped onto the board becomes pages; whatever else is dropped is the board’s own business. */
function dropPdf(event: DragEvent, mayDraw: boolean): void {
  const file = [...(event.dataTransfer?.files ?? [])].find(({ type }) => type === 'application/pdf');
  if (file) {
    event.preventDefault();
    event.stopPropagation();
    if (mayDraw) {
      bringRequest.value = file;
    }
  }
}

/** Ctrl+F looks on the board: what stands there is a picture to the browser’s own search. */
function useFindKey(onFind: () => void): void {
  const find = useRef(onFind);
  find.current = onFind;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'f') {
        event.preventDefault();
        find.current();
        // Rendered by then, and before the next key: the first letter belongs into the field.
        queueMicrotask(() => document.querySelector<HTMLElement>('[data-testid="find"]')?.focus());
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
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
