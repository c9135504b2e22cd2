import { signal } from '@preact/signals';
import { Check, CloudOff, LoaderCircle, Send, TriangleAlert } from 'lucide-preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { BoardSurface } from '../../board/BoardSurface';
import type { CursorMark } from '../../board/Cursors';
import type { BoardController, BoardRoom } from '../../board/controller';
import { ToolRail } from '../../classroom/ToolRail';
import { Board } from '../../core/board';
import { isLocal } from '../../core/edit';
import type { PageId } from '../../core/ids';
import { PortalError } from '../../net/portal';
import { Dialog } from '../../ui/Dialog';
import type { RecordingPortal } from '../portalCalls';
import { Head } from './BoardApp';
import { differenceOf, wordsOf } from './difference';
import { Keeper, type KeptState } from './keeper';
import type { OpenBoard } from './open';
import { Pages } from './Pages';
import { usePictures } from './usePictures';
import '../../classroom/rail.css';
import { type Phrase, phrase, t } from '../../ui/i18n';

const NOBODY = signal<readonly CursorMark[]>([]);

/** One is alone here: nothing is sent while the pen is down. */
const ALONE: Omit<BoardRoom, 'pictures'> = {
  now: () => Date.now(),
  live: {
    begin: () => undefined,
    extend: () => undefined,
    end: () => undefined,
    cursor: () => undefined,
    hideCursor: () => undefined,
  },
  liveStrokes: () => [],
  lasers: () => [],
  onRefused: () => undefined,
};

interface OwnBoardProps {
  portal: RecordingPortal;
  open: OpenBoard;
  csrf: string;
  /** The board is something else now on the portal. */
  onChanged: () => void;
}

/** The board to write on, as in the lesson; every change is kept. */
export function OwnBoard({ portal, open, csrf, onChanged }: OwnBoardProps) {
  const { facts, fork, version } = open;
  const { board, before, keeper } = useMemo(() => {
    const own = new Board(fork.doc);
    own.setAuthor(facts.session);
    const kept = new Keeper(`/boards/${facts.id}`, portal, fork, version);
    return { board: own, before: new Board(fork.base), keeper: kept };
  }, [fork, facts, portal, version]);
  const [controller, setController] = useState<BoardController | null>(null);
  const pictures = usePictures(open.manifest, controller?.view ?? null);
  const room = useMemo(() => ({ ...ALONE, pictures: pictures.picture }), [pictures]);
  const [pages, setPages] = useState(board.pages());
  const [page, setPage] = useState<PageId>(() => lastPage(board));
  const [isAsking, setAsking] = useState(false);

  useEffect(() => {
    const stop = board.onChange((change) => change.pages && setPages(board.pages()));
    const note = (
      _update: unknown,
      _origin: unknown,
      _doc: unknown,
      transaction: Parameters<typeof isLocal>[0],
    ): void => {
      if (isLocal(transaction)) {
        keeper.changed();
      }
    };
    const leave = (event: BeforeUnloadEvent): void => {
      if (!keeper.isSaved) {
        void keeper.flush();
        event.preventDefault();
      }
    };
    const back = (): void => void keeper.flush();
    fork.doc.on('update', note);
    window.addEventListener('beforeunload', leave);
    window.addEventListener('online', back);
    return () => {
      stop();
      fork.doc.off('update', note);
      window.removeEventListener('beforeunload', leave);
      window.removeEventListener('online', back);
      keeper.close();
    };
  }, [board, fork, keeper]);

  const state = keeper.state.value;
  return (
    <>
      <Head lesson={portal.lesson} csrf={csrf} open={open}>
        <Kept state={state} sentence={keeper.failure.value} />
        <button
          type="button"
          class="button button--primary own-board__send"
          data-testid="hand-in"
          onClick={() => setAsking(true)}
        >
          <Send class="icon" aria-hidden="true" />
          <span>{t('Hand in')}</span>
        </button>
      </Head>
      <div class="own-board__body">
        <div class="own-board__rail">{controller && <ToolRail controller={controller} />}</div>
        <div class="own-board__board">
          <BoardSurface
            board={board}
            room={room}
            page={page}
            isWritable={true}
            cursors={NOBODY}
            onController={setController}
          />
        </div>
      </div>
      <Pages pages={pages} page={page} onTurn={setPage} onAdd={() => setPage(board.addPage())} />
      {facts.answer && (
        <p class="own-board__answer">
          <strong>{t('Your tutor wrote:')}</strong> {facts.answer}
        </p>
      )}
      {isAsking && (
        <HandIn
          words={wordsOf(differenceOf(before, board))}
          onClose={() => setAsking(false)}
          onHandIn={async () => {
            await keeper.flush();
            await portal.post(`/boards/${facts.id}/hand-in`, { version: keeper.version });
            onChanged();
          }}
        />
      )}
    </>
  );
}

/** Where the hand was last: the page with the newest shape. */
function lastPage(board: Board): PageId {
  let page = board.pages()[0]?.id ?? ('main' as PageId);
  let newest_ms = 0;
  for (const { id } of board.pages()) {
    for (const { createdMs } of board.shapes(id)) {
      if (createdMs > newest_ms) {
        newest_ms = createdMs;
        page = id;
      }
    }
  }
  return page;
}

const KEPT_WORDS: Readonly<Record<KeptState, Phrase>> = {
  saved: phrase('Saved'),
  saving: phrase('Saving…'),
  offline: phrase('Not saved yet: offline. Leave this page open.'),
  refused: phrase('Not saved'),
};
const KEPT_ICONS = { saved: Check, saving: LoaderCircle, offline: CloudOff, refused: TriangleAlert } as const;

function Kept({ state, sentence }: { state: KeptState; sentence: string }) {
  const Icon = KEPT_ICONS[state];
  return (
    <span class="own-board__kept" role="status" data-testid="board-kept" data-state={state}>
      <Icon class="icon" aria-hidden="true" />
      <span>{sentence || t(KEPT_WORDS[state])}</span>
    </span>
  );
}

interface HandInProps {
  words: string;
  onHandIn: () => Promise<void>;
  onClose: () => void;
}

function HandIn({ words, onHandIn, onClose }: HandInProps) {
  const [failure, setFailure] = useState('');
  const [isSending, setSending] = useState(false);
  const send = async (): Promise<void> => {
    setSending(true);
    try {
      await onHandIn();
    } catch (error) {
      if (!(error instanceof PortalError)) {
        throw error;
      }
      setFailure(error.message);
      setSending(false);
    }
  };
  return (
    <Dialog
      title={t('Hand this board in?')}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Not yet')}
          </button>
          <button
            type="button"
            class="button button--primary"
            data-testid="hand-in-confirm"
            disabled={isSending || !words}
            onClick={() => void send()}
          >
            {t('Hand in')}
          </button>
        </>
      }
    >
      <p>
        {words
          ? t('Your tutor sees what you did: {words}.', { words })
          : t('There is nothing of yours on this board yet.')}
      </p>
      <p class="soft small">{t('Until you take it back, nothing on it changes.')}</p>
      {failure && (
        <p class="notes__failure" role="alert">
          {failure}
        </p>
      )}
    </Dialog>
  );
}
