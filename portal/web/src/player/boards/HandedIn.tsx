import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BoardView } from '../../board/BoardView';
import { PointerInput } from '../../board/input';
import { PanTool } from '../../board/tools/pan';
import { Board } from '../../core/board';
import type { PageId } from '../../core/ids';
import { PortalError } from '../../net/portal';
import { theme } from '../../ui/theme';
import type { Manifest } from '../manifest';
import type { RecordingPortal } from '../portalCalls';
import { Head } from './BoardApp';
import { DifferenceSource, differenceOf, type Emphasis, wordsOf } from './difference';
import type { OpenBoard } from './open';
import { Pages } from './Pages';
import { usePictures } from './usePictures';
import '../../board/board.css';
import { type Phrase, phrase, t } from '../../ui/i18n';

interface HandedInProps {
  portal: RecordingPortal;
  open: OpenBoard;
  csrf: string;
  onChanged: () => void;
}

const CHOICES: readonly (readonly [Emphasis, Phrase])[] = [
  ['work', phrase('What was added')],
  ['before', phrase('Before')],
  ['after', phrase('As it is')],
];

/** A board that was handed in: what its owner did stands out from what the lesson left there. */
export function HandedIn({ portal, open, csrf, onChanged }: HandedInProps) {
  const { facts, fork } = open;
  const { before, after, difference } = useMemo(() => {
    const sides = { before: new Board(fork.base), after: new Board(fork.doc) };
    return { ...sides, difference: differenceOf(sides.before, sides.after) };
  }, [fork]);
  const [emphasis, setEmphasis] = useState<Emphasis>('work');
  const [page, setPage] = useState<PageId>(() => firstChanged(after, difference.added, difference.changed));
  const source = useMemo(
    () => new DifferenceSource(before, after, difference, emphasis),
    [before, after, difference, emphasis],
  );
  return (
    <>
      <Head lesson={portal.lesson} csrf={csrf} open={open}>
        {facts.isOwn && <TakeBack portal={portal} open={open} onChanged={onChanged} />}
      </Head>
      <div class="own-board__compare">
        <fieldset class="own-board__choices">
          <legend class="visually-hidden">{t('What is shown')}</legend>
          {CHOICES.map(([choice, words]) => (
            <label key={choice} class="rubric__score">
              <input
                type="radio"
                name="emphasis"
                checked={emphasis === choice}
                data-testid={`emphasis-${choice}`}
                onChange={() => setEmphasis(choice)}
              />
              {t(words)}
            </label>
          ))}
        </fieldset>
        <p class="own-board__words" data-testid="board-difference">
          {wordsOf(difference) || t('Nothing was added.')}
        </p>
      </div>
      <div class="own-board__body own-board__body--plain">
        <Still source={source} page={page} manifest={open.manifest} />
      </div>
      <Pages pages={after.pages()} page={page} onTurn={setPage} />
      <Answer portal={portal} open={open} onChanged={onChanged} />
    </>
  );
}

/** The page where something was done. */
function firstChanged(after: Board, ...done: readonly ReadonlySet<string>[]): PageId {
  const pages = after.pages();
  const found = pages.find(({ id }) => after.shapes(id).some((shape) => done.some((ids) => ids.has(shape.id))));
  return (found ?? pages[0])?.id ?? ('main' as PageId);
}

/** A board that nobody writes on: moved and zoomed only. */
function Still({ source, page, manifest }: { source: DifferenceSource; page: PageId; manifest: Manifest }) {
  const host = useRef<HTMLDivElement>(null);
  const isMoved = useRef(false);
  const [view, setView] = useState<BoardView | null>(null);
  const pictures = usePictures(manifest, view);
  const themeName = theme.value;
  useEffect(() => {
    if (!host.current) {
      return;
    }
    const made = new BoardView(host.current, { theme: theme.peek(), label: t('The board'), marginPx: 12 });
    const look = (camera: BoardView['camera']): void => {
      isMoved.current = true;
      made.setCamera(camera);
    };
    const pan = new PanTool({ view: Object.assign(Object.create(made) as BoardView, { setCamera: look }) });
    const input = new PointerInput(made.canvas, {
      get camera() {
        return made.camera;
      },
      setCamera: look,
      toolInHand: () => pan,
      attempt: (run) => run(),
      pan,
      penOnly: { value: false },
      onPen: () => undefined,
      onPointer: () => undefined,
      onPress: () => undefined,
    });
    const resize = new ResizeObserver(() => isMoved.current || made.fitAll());
    resize.observe(host.current);
    setView(made);
    return () => {
      resize.disconnect();
      input.destroy();
      made.destroy();
      setView(null);
    };
  }, []);
  useEffect(() => {
    if (!view) {
      return;
    }
    view.scene.pictures = pictures.picture;
    view.show(source, page);
    isMoved.current = false;
    view.fitAll();
  }, [view, source, page, pictures]);
  useEffect(() => view?.setTheme(themeName), [view, themeName]);
  return (
    <div class="board own-board__still" data-theme={themeName}>
      <div class="board__stage" ref={host} />
    </div>
  );
}

interface PartProps {
  portal: RecordingPortal;
  open: OpenBoard;
  onChanged: () => void;
}

function TakeBack({ portal, open, onChanged }: PartProps) {
  const [failure, setFailure] = useState('');
  return (
    <button
      type="button"
      class="button"
      data-testid="take-back"
      title={failure}
      onClick={() => void attempt(() => portal.post(`/boards/${open.facts.id}/take-back`), onChanged, setFailure)}
    >
      {failure ? t('Try again') : t('Take back')}
    </button>
  );
}

function Answer({ portal, open, onChanged }: PartProps) {
  const { facts } = open;
  const [words, setWords] = useState(facts.answer);
  const [failure, setFailure] = useState('');
  if (!facts.canAnswer) {
    return facts.answer ? (
      <p class="own-board__answer" data-testid="board-answer">
        <strong>{t('Your tutor wrote:')}</strong> {facts.answer}
      </p>
    ) : (
      <p class="own-board__answer soft">{t('Handed in. Your tutor’s answer will stand here.')}</p>
    );
  }
  return (
    <form
      class="own-board__form"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(() => portal.post(`/boards/${facts.id}/answer`, { words: words.trim() }), onChanged, setFailure);
      }}
    >
      <textarea
        class="input notes__field"
        rows={2}
        maxLength={2000}
        aria-label={t('Your answer to {name}', { name: facts.name })}
        placeholder={t('Your answer to {name}', { name: facts.name })}
        data-testid="answer-words"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <button
        type="submit"
        class="button button--primary"
        data-testid="answer-send"
        disabled={words.trim() === '' || words === facts.answer}
      >
        {facts.answer ? t('Change the answer') : t('Answer')}
      </button>
      {failure && (
        <p class="notes__failure small" role="alert">
          {failure}
        </p>
      )}
    </form>
  );
}

async function attempt(
  call: () => Promise<unknown>,
  done: () => void,
  fail: (sentence: string) => void,
): Promise<void> {
  try {
    await call();
    fail('');
    done();
  } catch (error) {
    if (!(error instanceof PortalError)) {
      throw error;
    }
    fail(error.message);
  }
}
