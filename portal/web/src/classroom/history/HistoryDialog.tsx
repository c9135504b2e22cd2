/** Earlier versions of the page on the screen: look at one, bring it back, or bring back one person's work. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { pageBox } from '../../board/out';
import { paperOf } from '../../board/paper';
import { paintPicture } from '../../board/picture';
import { NotWritable } from '../../core/errors';
import { Dialog } from '../../ui/Dialog';
import { theme } from '../../ui/theme';
import { toast } from '../../ui/toasts';
import type { RoomStore } from '../store';
import { restorePage } from './restore';
import { type Moment, Versions } from './versions';
import './history.css';
import { locale, phrase, t } from '../../ui/i18n';

const PICTURE = { width: 640, height: 360 } as const;

type State =
  | { readonly name: 'loading' }
  | { readonly name: 'none'; readonly words: string }
  | { readonly name: 'ready'; readonly versions: Versions };

export function HistoryDialog({ store, onClose }: { store: RoomStore; onClose: () => void }) {
  const [state, setState] = useState<State>({ name: 'loading' });
  const page = store.page.value;
  useEffect(() => {
    const stop = new AbortController();
    void load(store.session.info.lesson, stop.signal).then((loaded) => {
      if (!stop.signal.aborted) {
        setState(loaded);
      }
    });
    return () => stop.abort();
  }, [store]);
  const moments = state.name === 'ready' ? state.versions.moments(page) : [];
  const [chosen, setChosen] = useState<Moment | null>(null);
  const [author, setAuthor] = useState('');
  const moment = chosen ?? moments[0] ?? null;
  const then = state.name === 'ready' && moment ? state.versions.at(moment.t_ms, page) : [];
  const authors = state.name === 'ready' ? state.versions.authors([...then, ...store.session.board.shapes(page)]) : [];

  const restore = (): void => {
    try {
      const sessions = authors.find(({ user }) => user === author)?.sessions ?? null;
      const { back, aside } = restorePage(store.session.board, page, then, sessions);
      toast(back + aside === 0 ? t('The page is like that already.') : t('Brought back. Undo takes it away again.'));
      onClose();
    } catch (error) {
      if (!(error instanceof NotWritable)) {
        throw error;
      }
      store.onRefused();
    }
  };

  return (
    <Dialog
      title={t('Earlier versions of this page')}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Close')}
          </button>
          {moment && store.mayDraw.value && (
            <button type="button" class="button button--primary" data-testid="history-restore" onClick={restore}>
              {t('Bring this back')}
            </button>
          )}
        </>
      }
    >
      {state.name === 'loading' && <progress class="history__wait" aria-label={t('Reading the versions…')} />}
      {state.name === 'none' && <p class="soft">{state.words}</p>}
      {state.name === 'ready' && moments.length === 0 && <p class="soft">{t('Nothing was drawn on this page yet.')}</p>}
      {state.name === 'ready' && moment && (
        <div class="history">
          <ol class="history__moments" data-testid="history-moments">
            {moments.map((each) => (
              <li key={each.t_ms}>
                <button
                  type="button"
                  class="history__moment"
                  aria-pressed={each.t_ms === moment.t_ms}
                  onClick={() => setChosen(each)}
                >
                  <span>{timeOf(store, each.t_ms)}</span>
                  <span class="soft small">{each.names.join(', ')}</span>
                </button>
              </li>
            ))}
          </ol>
          <div class="history__side">
            <Preview store={store} versions={state.versions} moment={moment} />
            <label class="field">
              <span class="field__label">{t('Bring back')}</span>
              <select
                class="input"
                data-testid="history-author"
                value={author}
                onChange={(event) => setAuthor(event.currentTarget.value)}
              >
                <option value="">{t('The whole page')}</option>
                {authors.map(({ user, name }) => (
                  <option key={user} value={user}>
                    {t('Only what {name} did', { name })}
                  </option>
                ))}
              </select>
            </label>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function Preview({ store, versions, moment }: { store: RoomStore; versions: Versions; moment: Moment }) {
  const host = useRef<HTMLDivElement>(null);
  const page = store.page.value;
  const themeName = theme.value;
  useEffect(() => {
    versions.at(moment.t_ms, page);
    const box = pageBox(store.session.board, page);
    const scale = Math.min(PICTURE.width / (box.maxX - box.minX), PICTURE.height / (box.maxY - box.minY));
    const frame = {
      ...PICTURE,
      scale,
      originX: PICTURE.width / 2 - ((box.minX + box.maxX) / 2) * scale,
      originY: PICTURE.height / 2 - ((box.minY + box.maxY) / 2) * scale,
    };
    const paint = (): void => {
      host.current?.replaceChildren(
        paintPicture(versions.replay, page, frame, null, paperOf(versions.replay, page, themeName), store.pictures),
      );
    };
    paint();
    let isGone = false;
    void store.whenPictures(page, versions.replay).then((hasCome) => hasCome && !isGone && paint());
    return () => {
      isGone = true;
    };
  }, [store, versions, moment, page, themeName]);
  return (
    <div
      class="history__picture"
      ref={host}
      role="img"
      aria-label={t('The page at {time}', { time: timeOf(store, moment.t_ms) })}
    />
  );
}

/** Room time as the clock on the wall. */
function timeOf(store: RoomStore, t_ms: number): string {
  const room_ms = store.session.roomMs();
  if (room_ms === null) {
    const minutes = Math.floor(t_ms / 60_000);
    return t('{minutes} min {seconds} s', { minutes, seconds: Math.floor((t_ms % 60_000) / 1000) });
  }
  return new Date(store.now() - room_ms + t_ms).toLocaleTimeString(locale());
}

const NOTHING = phrase('There are no earlier versions yet. They are kept from the moment that the lesson is recorded.');

async function load(lesson: string, signal: AbortSignal): Promise<State> {
  try {
    const answer = await fetch(`/api/recordings/${encodeURIComponent(lesson)}/timeline`, { signal });
    if (answer.ok && answer.body) {
      return { name: 'ready', versions: await Versions.read(answer.body) };
    }
    return { name: 'none', words: t(NOTHING) };
  } catch (error) {
    if (signal.aborted) {
      return { name: 'loading' };
    }
    if (!(error instanceof TypeError)) {
      throw error;
    }
    return { name: 'none', words: t('The server does not answer. Earlier versions are there again when it does.') };
  }
}
