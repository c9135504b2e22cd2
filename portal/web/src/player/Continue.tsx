import { PenLine } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { PortalError } from '../net/portal';
import { t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { type BoardFacts, parseBoards, STATE_WORDS } from './boards/facts';
import type { Playback } from './playback';
import { fieldsOf, type RecordingPortal, textOf } from './portalCalls';
import { formatTime } from './times';

/** From here on a board of one's own; and the boards that there are already. */
export function Continue({ playback, portal }: { playback: Playback; portal: RecordingPortal }) {
  const viewer = playback.manifest.value?.viewer;
  if (!viewer?.readsBoards) {
    return null;
  }
  const label = viewer.continues ? t('Continue from here') : t('Boards of this lesson');
  return (
    <Popover
      label={label}
      testId="player-continue-panel"
      button={{
        label,
        testId: 'player-continue',
        tip: 'bottom',
        class: 'player-bar__continue',
        children: (
          <>
            <PenLine class="icon" aria-hidden="true" />
            <span>{label}</span>
          </>
        ),
      }}
    >
      <ContinuePanel playback={playback} portal={portal} canContinue={viewer.continues} />
    </Popover>
  );
}

const boardAddress = (id: string): string => {
  const address = new URL(location.href);
  address.search = `?board=${encodeURIComponent(id)}`;
  return address.href;
};

interface ContinuePanelProps {
  playback: Playback;
  portal: RecordingPortal;
  canContinue: boolean;
}

function ContinuePanel({ playback, portal, canContinue }: ContinuePanelProps) {
  const [boards, setBoards] = useState<readonly BoardFacts[] | null>(null);
  const [failure, setFailure] = useState('');
  const [isAsking, setAsking] = useState(false);
  const ask = async (run: () => Promise<void>): Promise<void> => {
    setAsking(true);
    try {
      await run();
      setFailure('');
    } catch (error) {
      if (!(error instanceof PortalError)) {
        throw error;
      }
      setFailure(error.message);
    }
    setAsking(false);
  };
  if (boards === null && !failure && !isAsking) {
    void ask(async () => setBoards(parseBoards(await portal.get('/boards'))));
  }
  const fork = (): Promise<void> =>
    ask(async () => {
      const room_time = Math.round(playback.clock.start_ms + playback.position_ms);
      const made = textOf(fieldsOf(await portal.post('/boards', { room_time })).board);
      location.assign(boardAddress(made));
    });
  return (
    <div class="continue-panel">
      {canContinue && (
        <>
          <p class="small">
            {t(
              'The board of this second becomes your own. Write on it, keep it, and hand it in to your tutor if you like.',
            )}
          </p>
          <button
            type="button"
            class="button button--primary"
            data-testid="player-fork"
            disabled={isAsking}
            onClick={() => void fork()}
          >
            {t('Continue from {time}', {
              time: formatTime(playback.shown_ms.value - playback.clock.start_ms),
            })}
          </button>
        </>
      )}
      {failure && (
        <p class="notes__failure small" role="alert">
          {failure}
        </p>
      )}
      {boards?.length === 0 && !canContinue && <p class="small">{t('Nothing was handed in for this lesson.')}</p>}
      {boards && boards.length > 0 && (
        <ul class="continue-panel__list">
          {boards.map((board) => (
            <li key={board.id}>
              <a class="continue-panel__board" href={boardAddress(board.id)} data-testid="player-board-link">
                <span>{board.isOwn ? t('Your board') : board.name}</span>
                <span class="soft small">
                  {t('from {time}', { time: formatTime(board.t_ms - playback.clock.start_ms) })} ·{' '}
                  {t(STATE_WORDS[board.state])}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
