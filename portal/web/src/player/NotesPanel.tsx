import { ListVideo, Lock, Pencil, Trash2, Users } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { IconButton } from '../ui/IconButton';
import type { Audience, Note, NotesDesk } from './notesDesk';
import type { Playback } from './playback';
import { formatTime } from './times';
import './notes.css';
import { type Phrase, phrase, t } from '../ui/i18n';

/** Notes on this recording: each leads to its moment. */
export function NotesPanel({ playback, desk }: { playback: Playback; desk: NotesDesk }) {
  const { list } = desk.notes.value;
  const [edited, setEdited] = useState<string | null>(null);
  return (
    <div class="notes">
      <NoteForm
        key="new"
        desk={desk}
        moment={formatTime(playback.shown_ms.value - playback.clock.start_ms)}
        onSend={(words, audience) => desk.write(playback.clock.start_ms + playback.position_ms, words, audience)}
      />
      {desk.failure.value && (
        <p class="notes__failure small" role="alert">
          {desk.failure.value}{' '}
          {desk.state.value === 'failed' && (
            <button type="button" class="button button--small" onClick={() => void desk.load()}>
              {t('Try again')}
            </button>
          )}
        </p>
      )}
      {list.length === 0 && desk.state.value === 'ready' && (
        <p class="notes__empty">{t('No notes yet. A note stands at the moment at which you write it.')}</p>
      )}
      <ol class="notes__list">
        {list.map((note) => (
          <li key={note.id} class="notes__item">
            {edited === note.id ? (
              <NoteForm
                desk={desk}
                note={note}
                onCancel={() => setEdited(null)}
                onSend={async (words, audience) => {
                  const isKept = await desk.change(note.id, words, audience);
                  if (isKept) {
                    setEdited(null);
                  }
                  return isKept;
                }}
              />
            ) : (
              <NoteView playback={playback} desk={desk} note={note} onEdit={() => setEdited(note.id)} />
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

const AUDIENCE_WORDS: Readonly<Record<Audience, Phrase>> = {
  private: phrase(', for you alone'),
  class: phrase(', for the class'),
  chapter: phrase(', a chapter'),
};
const AUDIENCE_ICONS = { private: Lock, class: Users, chapter: ListVideo } as const;

interface NoteViewProps {
  playback: Playback;
  desk: NotesDesk;
  note: Note;
  onEdit: () => void;
}

function NoteView({ playback, desk, note, onEdit }: NoteViewProps) {
  const at_ms = note.t_ms - playback.clock.start_ms;
  const Audience = AUDIENCE_ICONS[note.audience];
  return (
    <>
      <button type="button" class="notes__go" data-testid="player-note" onClick={() => playback.seek(at_ms)}>
        <span class="notes__head">
          <time class="numbers">{formatTime(at_ms)}</time>
          <Audience class="icon" aria-hidden="true" />
          <span class="notes__name">
            {note.isOwn ? t('You') : note.name}
            {t(AUDIENCE_WORDS[note.audience])}
          </span>
        </span>
        <span class="notes__words">{note.words}</span>
      </button>
      <span class="notes__actions">
        {note.isOwn && (
          <IconButton label={t('Change this note')} tip="left" class="button--quiet button--small" onPress={onEdit}>
            <Pencil class="icon" aria-hidden="true" />
          </IconButton>
        )}
        {note.isRemovable && (
          <IconButton
            label={t('Remove this note')}
            tip="left"
            class="button--quiet button--small"
            onPress={() => void desk.remove(note.id)}
          >
            <Trash2 class="icon" aria-hidden="true" />
          </IconButton>
        )}
      </span>
    </>
  );
}

interface NoteFormProps {
  desk: NotesDesk;
  note?: Note;
  /** Where a new note will stand. */
  moment?: string;
  onSend: (words: string, audience: Audience) => Promise<boolean>;
  onCancel?: () => void;
}

function NoteForm({ desk, note, moment, onSend, onCancel }: NoteFormProps) {
  const [words, setWords] = useState(note?.words ?? '');
  const [audience, setAudience] = useState<Audience>(note?.audience ?? 'private');
  const [isSending, setSending] = useState(false);
  const send = async (): Promise<void> => {
    if (words.trim() === '' || isSending) {
      return;
    }
    setSending(true);
    const isKept = await onSend(words.trim(), audience);
    setSending(false);
    if (isKept && !note) {
      setWords('');
    }
  };
  return (
    <form
      class="notes__form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        class="input notes__field"
        rows={2}
        maxLength={2000}
        placeholder={moment ? t('A note at {moment}', { moment }) : ''}
        aria-label={note ? t('The note') : t('A new note at this moment')}
        data-testid={note ? undefined : 'player-note-words'}
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void send();
          }
        }}
      />
      <div class="notes__row">
        {desk.notes.value.mayAddressClass && (
          <select
            class="input notes__audience"
            aria-label={t('Who sees the note')}
            data-testid={note ? undefined : 'player-note-audience'}
            value={audience}
            onChange={(event) => setAudience(event.currentTarget.value as Audience)}
          >
            <option value="private">{t('For me alone')}</option>
            <option value="class">{t('For the class')}</option>
            {desk.notes.value.maySetChapters && <option value="chapter">{t('A chapter')}</option>}
          </select>
        )}
        {onCancel && (
          <button type="button" class="button button--small" onClick={onCancel}>
            {t('Cancel')}
          </button>
        )}
        <button
          type="submit"
          class="button button--small button--primary notes__send"
          data-testid={note ? undefined : 'player-note-send'}
          disabled={words.trim() === '' || isSending}
        >
          {note ? t('Save') : t('Add note')}
        </button>
      </div>
    </form>
  );
}
