import { ArrowLeft, CircleAlert, Moon, Sun } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../../ui/IconButton';
import { setTheme, theme } from '../../ui/theme';
import { Toasts } from '../../ui/toasts';
import { LoadError } from '../loader';
import type { RecordingPortal } from '../portalCalls';
import { formatTime } from '../times';
import { HandedIn } from './HandedIn';
import { OwnBoard } from './OwnBoard';
import { type OpenBoard, openBoard } from './open';
import '../player.css';
import './boards.css';
import { t } from '../../ui/i18n';

interface BoardAppProps {
  portal: RecordingPortal;
  board: string;
  csrf: string;
}

/** A board that goes on from a moment of a lesson: its owner writes on it, the tutor sees what was added. */
export function BoardApp({ portal, board, csrf }: BoardAppProps) {
  const [open, setOpen] = useState<OpenBoard | null>(null);
  const [failure, setFailure] = useState('');
  const [tries, setTries] = useState(0);
  // `tries` counts how often it is to be opened anew.
  useEffect(() => {
    const abort = new AbortController();
    setFailure('');
    setOpen(null);
    openBoard(portal, board, abort.signal).then(
      (opened) => !abort.signal.aborted && setOpen(opened),
      (error: unknown) => {
        if (abort.signal.aborted) {
          return;
        }
        if (!(error instanceof LoadError)) {
          throw error;
        }
        setFailure(error.message);
      },
    );
    return () => abort.abort();
  }, [portal, board, tries]);
  const isWritten = open?.facts.isOwn === true && open.facts.state === 'kept';
  return (
    <main class="own-board" data-testid="own-board" data-state={open?.facts.state ?? (failure ? 'error' : 'loading')}>
      {!open && <Head lesson={portal.lesson} csrf={csrf} open={null} />}
      {!open && !failure && (
        <div class="state" role="status">
          <span class="spinner" aria-hidden="true" />
          <p class="state__text">{t('Opening the board…')}</p>
        </div>
      )}
      {failure && (
        <div class="state state--error" role="alert">
          <span class="state__mark">
            <CircleAlert class="icon" aria-hidden="true" />
          </span>
          <h2>{t('The board did not open')}</h2>
          <p class="state__text">{failure}</p>
          <div class="cluster">
            <button type="button" class="button button--primary" onClick={() => setTries(tries + 1)}>
              {t('Try again')}
            </button>
            <a class="button" href="/boards">
              {t('All boards')}
            </a>
          </div>
        </div>
      )}
      {open && isWritten && <OwnBoard portal={portal} open={open} csrf={csrf} onChanged={() => setTries(tries + 1)} />}
      {open && !isWritten && <HandedIn portal={portal} open={open} csrf={csrf} onChanged={() => setTries(tries + 1)} />}
      <Toasts />
    </main>
  );
}

interface HeadProps {
  lesson: string;
  csrf: string;
  open: OpenBoard | null;
  children?: ComponentChildren;
}

export function Head({ lesson, csrf, open, children }: HeadProps) {
  const isDark = theme.value === 'dark';
  const at_ms = open ? open.facts.t_ms - open.manifest.start_ms : 0;
  const back = `/recordings/${encodeURIComponent(lesson)}${open ? `?t=${Math.floor(at_ms / 1_000)}` : ''}`;
  return (
    <header class="player-bar">
      <a class="button button--quiet button--icon" href={back} aria-label={t('Back to the recording')}>
        <ArrowLeft class="icon" aria-hidden="true" />
      </a>
      <div class="player-bar__lesson">
        <h1 class="player-bar__title">{open?.manifest.title ?? t('Board')}</h1>
        {open && (
          <span class="player-bar__date">
            {open.facts.isOwn
              ? t('Your board, from {time} on', { time: formatTime(at_ms) })
              : t('{name}’s board, from {time} on', { name: open.facts.name, time: formatTime(at_ms) })}
          </span>
        )}
      </div>
      <div class="player-bar__end">
        {children}
        <IconButton
          label={isDark ? t('Light theme') : t('Dark theme')}
          tip="left"
          onPress={() => void setTheme(isDark ? 'light' : 'dark', csrf)}
        >
          {isDark ? <Sun class="icon" aria-hidden="true" /> : <Moon class="icon" aria-hidden="true" />}
        </IconButton>
      </div>
    </header>
  );
}
