import { Download, Pencil, Undo2 } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from '../ui/IconButton';
import { type Caption, type CaptionDesk, lastBegun } from './captions';
import type { Playback } from './playback';
import { formatTime } from './times';
import './captions.css';
import { t } from '../ui/i18n';

/** All that was spoken, in order. Each line leads to its moment; staff of the lesson correct them. */
export function Transcript({ playback, desk }: { playback: Playback; desk: CaptionDesk }) {
  const { list, mayEdit } = desk.captions.value;
  const [edited, setEdited] = useState<number | null>(null);
  const host = useRef<HTMLOListElement>(null);
  const now = list[lastBegun(list, playback.shown_ms.value)]?.id ?? null;
  useEffect(() => {
    const line = host.current?.querySelector<HTMLElement>('[aria-current="true"]');
    if (line && edited === null && playback.playing.peek()) {
      line.scrollIntoView({ block: 'nearest' });
    }
  }, [now, edited, playback]);
  return (
    <div class="transcript">
      <p class="transcript__note small">
        {mayEdit ? t('Written by a machine, so correct what it misheard.') : t('Written by a machine. It mishears.')}
        <a
          class="transcript__file"
          href={`/api/recordings/${encodeURIComponent(playback.manifest.value?.lesson ?? '')}/captions.vtt`}
        >
          <Download class="icon" aria-hidden="true" />
          {t('Captions file')}
        </a>
      </p>
      {desk.failure.value && (
        <p class="notes__failure small" role="alert">
          {desk.failure.value}
        </p>
      )}
      <ol class="transcript__lines" ref={host}>
        {list.map((caption) => (
          <li key={caption.id} class="transcript__item" aria-current={caption.id === now}>
            {edited === caption.id ? (
              <Correction caption={caption} desk={desk} onEnd={() => setEdited(null)} />
            ) : (
              <Line
                playback={playback}
                caption={caption}
                {...(mayEdit && { onEdit: () => setEdited(caption.id) })}
                {...(mayEdit && caption.heard !== null && { onRestore: () => void desk.change(caption.id, null) })}
              />
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

interface LineProps {
  playback: Playback;
  caption: Caption;
  onEdit?: () => void;
  onRestore?: () => void;
}

function Line({ playback, caption, onEdit, onRestore }: LineProps) {
  const { from_ms, user, text } = caption;
  const person = playback.people.value.find((one) => one.user === user);
  const at_ms = Math.max(0, from_ms - playback.clock.start_ms);
  return (
    <>
      <button type="button" class="chat-log__line" data-testid="player-spoken" onClick={() => playback.seek(at_ms)}>
        <span class="chat-log__head">
          <span class="chat-log__dot" style={{ background: person?.colour ?? 'currentcolor' }} />
          <span class="chat-log__name">{person?.name ?? t('Someone')}</span>
          <time class="numbers">{formatTime(at_ms)}</time>
        </span>
        <span class="chat-log__text">{text || <i class="transcript__none">{t('taken out')}</i>}</span>
      </button>
      <span class="transcript__actions">
        {onEdit && (
          <IconButton
            label={t('Correct')}
            tip="left"
            class="button--quiet button--small"
            testId="player-correct"
            onPress={onEdit}
          >
            <Pencil class="icon" aria-hidden="true" />
          </IconButton>
        )}
        {onRestore && (
          <IconButton
            label={t('As the machine heard it')}
            tip="left"
            class="button--quiet button--small"
            onPress={onRestore}
          >
            <Undo2 class="icon" aria-hidden="true" />
          </IconButton>
        )}
      </span>
    </>
  );
}

const MOST_LETTERS = 400;

function Correction({ caption, desk, onEnd }: { caption: Caption; desk: CaptionDesk; onEnd: () => void }) {
  const [words, setWords] = useState(caption.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const keep = async (): Promise<void> => {
    if (words === caption.text || (await desk.change(caption.id, words))) {
      onEnd();
    }
  };
  return (
    <form
      class="transcript__form"
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <textarea
        ref={field}
        class="input notes__field"
        aria-label={t('What was said')}
        maxLength={MOST_LETTERS}
        value={words}
        data-testid="player-correction"
        onInput={(event) => setWords(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            onEnd();
          } else if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            void keep();
          }
        }}
      />
      <div class="notes__row">
        <button type="button" class="button button--small button--quiet" onClick={onEnd}>
          {t('Cancel')}
        </button>
        <button type="submit" class="button button--small button--primary notes__send">
          {t('Save')}
        </button>
      </div>
    </form>
  );
}
