import { Download, X } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../ui/Dialog';
import { IconButton } from '../ui/IconButton';
import { type Phrase, t } from '../ui/i18n';
import {
  FILM_CAPTIONS,
  type Film,
  FilmDesk,
  type Films,
  FORMATS,
  filmWords,
  HEIGHTS,
  LAYOUTS,
  type Wish,
} from './filmDesk';
import type { Manifest } from './manifest';
import type { RecordingPortal } from './portalCalls';
import './keep.css';

const LOOK_EVERY_MS = 2_000;
const FIRST_WISH: Wish = { layout: 'tiles', height: 1080, format: 'mp4', captions: 'soft' };

/** The button that opens what can be taken along from a lesson: its film, its page, and films as one wants them. */
export function Keep({ manifest, portal }: { manifest: Manifest; portal: RecordingPortal }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="button player-bar__film"
        aria-haspopup="dialog"
        data-testid="player-keep"
        onClick={() => setOpen(true)}
      >
        <Download class="icon" aria-hidden="true" />
        <span>{t('Video file')}</span>
      </button>
      {isOpen && <KeepDialog manifest={manifest} portal={portal} onClose={() => setOpen(false)} />}
    </>
  );
}

function KeepDialog({
  manifest,
  portal,
  onClose,
}: {
  manifest: Manifest;
  portal: RecordingPortal;
  onClose: () => void;
}) {
  const [desk] = useState(() => new FilmDesk(portal));
  useEffect(() => {
    void desk.load();
    const timer = setInterval(() => {
      const { list, isLate } = desk.films.peek();
      if (isLate || list.some(({ state }) => state === 'asked')) {
        void desk.load();
      }
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [desk]);
  const films = desk.films.value;
  const state = desk.state.value;
  return (
    <Dialog
      title={t('Keep this lesson')}
      onClose={onClose}
      actions={
        <button type="button" class="button" data-testid="keep-close" onClick={onClose}>
          {t('Close')}
        </button>
      }
    >
      {desk.failure.value && (
        <p class="field__error" role="alert">
          {desk.failure.value}
        </p>
      )}
      {state === 'loading' && <p class="soft">{t('Looking for what there is…')}</p>}
      {state === 'ready' && (
        <>
          <ul class="keep">
            <Own manifest={manifest} films={films} />
            {films.list.map((film) => (
              <Line key={film.id} film={film} desk={desk} />
            ))}
          </ul>
          {manifest.state !== 'recording' && <Make desk={desk} films={films} />}
        </>
      )}
    </Dialog>
  );
}

/** What every lesson has. */
function Own({ manifest, films }: { manifest: Manifest; films: Films }) {
  const lesson = encodeURIComponent(manifest.lesson);
  return (
    <>
      <li class="keep__line">
        <span class="keep__words">
          {t('Board and cameras')}, 720p MP4
          {films.isLate && <span class="soft small">{t('Corrected captions are on their way into it.')}</span>}
        </span>
        {films.own ? (
          <Take file={films.own} testId="player-download" />
        ) : (
          <span class="soft small">{t('Not made yet')}</span>
        )}
      </li>
      {manifest.page && (
        <li class="keep__line">
          <span class="keep__words">{t('A page that opens without a connection')}</span>
          <Take file={manifest.page} testId="player-page-file" />
        </li>
      )}
      {films.hasCaptions && (
        <li class="keep__line">
          <span class="keep__words">{t('Captions file')}</span>
          <Take file={`/api/recordings/${lesson}/captions.vtt`} testId="player-captions-file" />
        </li>
      )}
    </>
  );
}

function Line({ film, desk }: { film: Film; desk: FilmDesk }) {
  const words = filmWords(film);
  return (
    <li class="keep__line" data-testid="keep-film" data-state={film.state}>
      <span class="keep__words">
        {words}
        {film.state === 'asked' && (
          <progress
            class="progress"
            max={1}
            value={film.progress}
            aria-label={t('How far “{film}” is', { film: words })}
          />
        )}
        {film.state === 'failed' && <span class="field__error small">{t('It could not be made.')}</span>}
        {film.state === 'done' && (
          <span class="soft small numbers">
            {t('{size} MB', { size: Math.max(0.1, Math.round(film.bytes / 1e5) / 10) })}
          </span>
        )}
      </span>
      {film.file && <Take file={film.file} testId="keep-take" />}
      {film.isRemovable && (
        <IconButton
          label={film.state === 'asked' ? t('Stop making it') : t('Remove this film')}
          tip="left"
          class="button--quiet button--small"
          testId="keep-remove"
          onPress={() => void desk.remove(film.id)}
        >
          <X class="icon" aria-hidden="true" />
        </IconButton>
      )}
    </li>
  );
}

// Without `download`: where the server first asks staff once more who they are, that page is to be seen.
function Take({ file, testId }: { file: string; testId: string }) {
  return (
    <a class="button button--small keep__take" href={file} data-testid={testId}>
      <Download class="icon" aria-hidden="true" />
      <span>{t('Download')}</span>
    </a>
  );
}

function Make({ desk, films }: { desk: FilmDesk; films: Films }) {
  const [wish, setWish] = useState<Wish>(FIRST_WISH);
  const [isBusy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    await desk.ask(films.hasCaptions ? wish : { ...wish, captions: 'none' });
    setBusy(false);
  };
  return (
    <form
      class="keep__make"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h3>{t('Make another film')}</h3>
      <Choice
        label={t('Picture')}
        table={LAYOUTS}
        value={wish.layout}
        testId="keep-layout"
        onChoose={(layout) => setWish({ ...wish, layout })}
      />
      <Choice
        label={t('Size')}
        table={HEIGHTS}
        value={`${wish.height}`}
        testId="keep-height"
        onChoose={(height) => setWish({ ...wish, height: height === '720' ? 720 : 1080 })}
      />
      <Choice
        label={t('Format')}
        table={FORMATS}
        value={wish.format}
        testId="keep-format"
        onChoose={(format) => setWish({ ...wish, format })}
      />
      {films.hasCaptions && (
        <Choice
          label={t('Captions')}
          table={FILM_CAPTIONS}
          value={wish.captions}
          testId="keep-captions"
          onChoose={(captions) => setWish({ ...wish, captions })}
        />
      )}
      <p class="keep__note soft small">
        {t('It is made while nobody needs the machine, and kept for {days} days.', { days: films.keptDays })}
      </p>
      <button type="submit" class="button button--primary keep__ask" disabled={isBusy} data-testid="keep-make">
        {t('Make it')}
      </button>
    </form>
  );
}

interface ChoiceProps<K extends string> {
  label: string;
  table: Readonly<Record<K, Phrase | string>>;
  value: string;
  testId: string;
  onChoose: (key: K) => void;
}

function Choice<K extends string>({ label, table, value, testId, onChoose }: ChoiceProps<K>) {
  return (
    <label class="keep__choice">
      <span class="field__label">{label}</span>
      <select
        class="input"
        value={value}
        data-testid={testId}
        onChange={(event) => onChoose(event.currentTarget.value as K)}
      >
        {(Object.entries(table) as [K, Phrase | string][]).map(([key, words]) => (
          <option key={key} value={key}>
            {typeof words === 'string' ? words : t(words)}
          </option>
        ))}
      </select>
    </label>
  );
}
