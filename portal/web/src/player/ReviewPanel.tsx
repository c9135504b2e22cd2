import { ThumbsUp, Trash2, TrendingUp } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { IconButton } from '../ui/IconButton';
import type { Playback } from './playback';
import type { Mark, ReviewDesk, ReviewView, Verdict } from './reviewDesk';
import { formatTime } from './times';
import './notes.css';
import { t } from '../ui/i18n';

/** The review of this lesson: marks at moments, a score for each criterion, and words on the whole. */
export function ReviewPanel({ playback, desk }: { playback: Playback; desk: ReviewDesk }) {
  const view = desk.view.value;
  if (!view) {
    return (
      <div class="notes">
        <p class="notes__empty">{desk.failure.value || t('There is no review of this lesson yet.')}</p>
      </div>
    );
  }
  return (
    <div class="notes" data-testid="player-review">
      {view.canWrite && <MarkForm playback={playback} desk={desk} view={view} />}
      {desk.failure.value && (
        <p class="notes__failure small" role="alert">
          {desk.failure.value}
        </p>
      )}
      <ol class="notes__list">
        {view.review?.marks.map((mark) => (
          <li key={mark.id} class="notes__item">
            <MarkView playback={playback} desk={desk} view={view} mark={mark} />
          </li>
        ))}
      </ol>
      {/* Another review than the one that the fields were filled from starts them anew. */}
      <Whole key={view.canWrite ? 'open' : 'closed'} desk={desk} view={view} />
    </div>
  );
}

function MarkForm({ playback, desk, view }: { playback: Playback; desk: ReviewDesk; view: ReviewView }) {
  const [criterion, setCriterion] = useState(view.rubric[0]?.key ?? '');
  const [words, setWords] = useState('');
  const send = async (verdict: Verdict): Promise<void> => {
    if (await desk.mark(playback.clock.start_ms + playback.position_ms, criterion, verdict, words.trim())) {
      setWords('');
    }
  };
  return (
    <form class="notes__form" onSubmit={(event) => event.preventDefault()}>
      <select
        class="input"
        aria-label={t('What this moment is about')}
        value={criterion}
        onChange={(event) => setCriterion(event.currentTarget.value)}
      >
        {view.rubric.map(({ key, words: about }) => (
          <option key={key} value={key}>
            {about}
          </option>
        ))}
      </select>
      <textarea
        class="input notes__field"
        rows={2}
        maxLength={1000}
        placeholder={t('What happens at {time}', {
          time: formatTime(playback.shown_ms.value - playback.clock.start_ms),
        })}
        aria-label={t('What is seen at this moment')}
        data-testid="player-mark-words"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <div class="notes__row">
        <button
          type="button"
          class="button button--small"
          data-testid="player-mark-well"
          onClick={() => void send('well')}
        >
          <ThumbsUp class="icon" aria-hidden="true" />
          {t('Done well')}
        </button>
        <button
          type="button"
          class="button button--small"
          data-testid="player-mark-better"
          onClick={() => void send('better')}
        >
          <TrendingUp class="icon" aria-hidden="true" />
          {t('To improve')}
        </button>
      </div>
    </form>
  );
}

interface MarkViewProps {
  playback: Playback;
  desk: ReviewDesk;
  view: ReviewView;
  mark: Mark;
}

function MarkView({ playback, desk, view, mark }: MarkViewProps) {
  const at_ms = mark.t_ms - playback.clock.start_ms;
  const Icon = mark.verdict === 'well' ? ThumbsUp : TrendingUp;
  const about = view.rubric.find(({ key }) => key === mark.criterion)?.words ?? mark.criterion;
  return (
    <>
      <button type="button" class="notes__go" data-testid="player-mark" onClick={() => playback.seek(at_ms)}>
        <span class="notes__head">
          <time class="numbers">{formatTime(at_ms)}</time>
          <Icon class="icon" aria-hidden="true" />
          <span>{mark.verdict === 'well' ? t('Done well') : t('To improve')}</span>
        </span>
        <span class="notes__head">
          <span class="notes__name">{about}</span>
        </span>
        {mark.words && <span class="notes__words">{mark.words}</span>}
      </button>
      {view.canWrite && (
        <IconButton
          label={t('Remove this mark')}
          tip="left"
          class="button--quiet button--small"
          onPress={() => void desk.unmark(mark.id)}
        >
          <Trash2 class="icon" aria-hidden="true" />
        </IconButton>
      )}
    </>
  );
}

function Whole({ desk, view }: { desk: ReviewDesk; view: ReviewView }) {
  const [scores, setScores] = useState(view.review?.scores ?? {});
  const [words, setWords] = useState(view.review?.words ?? '');
  const [isSaved, setSaved] = useState(false);
  const save = async (finish: boolean): Promise<void> => setSaved(await desk.save(scores, words, finish));
  const { canWrite } = view;
  return (
    <section class="rubric" aria-label={t('The lesson as a whole')}>
      <h3 class="notes__title">{t('The lesson as a whole')}</h3>
      {view.rubric.map(({ key, words: about }) => (
        <fieldset key={key} class="rubric" disabled={!canWrite}>
          <legend class="rubric__words">{about}</legend>
          <div class="rubric__scores">
            {view.scoreWords.map(({ score, words: meaning }) => (
              <label key={score} class="rubric__score">
                <input
                  type="radio"
                  name={`score-${key}`}
                  checked={scores[key] === score}
                  data-testid={`player-score-${key}-${score}`}
                  onChange={() => {
                    setSaved(false);
                    setScores({ ...scores, [key]: score });
                  }}
                />
                {score} {meaning}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      {canWrite ? (
        <>
          <textarea
            class="input notes__field"
            rows={3}
            maxLength={4000}
            placeholder={t('Words on the whole lesson')}
            aria-label={t('Words on the whole lesson')}
            value={words}
            onInput={(event) => {
              setSaved(false);
              setWords(event.currentTarget.value);
            }}
          />
          <div class="notes__row">
            <button
              type="button"
              class="button button--small"
              data-testid="player-review-save"
              onClick={() => void save(false)}
            >
              {isSaved ? t('Saved') : t('Save')}
            </button>
            <button
              type="button"
              class="button button--small button--primary notes__send"
              data-testid="player-review-finish"
              onClick={() => void save(true)}
            >
              {t('Finish: show it to the tutor')}
            </button>
          </div>
        </>
      ) : (
        <p class="notes__words">{view.review?.words}</p>
      )}
      {view.review?.isFinished && (
        <p class="notes__empty">{t('Reviewed by {name}.', { name: view.review.reviewer })}</p>
      )}
    </section>
  );
}
