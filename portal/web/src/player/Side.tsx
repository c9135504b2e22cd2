import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Phrase, phrase, t } from '../ui/i18n';
import { ChatLog } from './ChatLog';
import type { CaptionDesk } from './captions';
import { NotesPanel } from './NotesPanel';
import type { NotesDesk } from './notesDesk';
import type { Playback } from './playback';
import type { RecordingPortal } from './portalCalls';
import { ReviewPanel } from './ReviewPanel';
import { ReviewDesk } from './reviewDesk';
import { Transcript } from './Transcript';

type Tab = 'chat' | 'spoken' | 'notes' | 'review';

const WORDS: Readonly<Record<Tab, Phrase>> = {
  chat: phrase('Chat'),
  spoken: phrase('Spoken'),
  notes: phrase('Notes'),
  review: phrase('Review'),
};

interface SideProps {
  playback: Playback;
  portal: RecordingPortal;
  notes: NotesDesk;
  captions: CaptionDesk;
}

/** Beside the board: what was written in the chat, what was spoken, notes, and the review where there is one for this viewer. */
export function Side({ playback, portal, notes, captions }: SideProps) {
  const [tab, setTab] = useState<Tab>(new URLSearchParams(location.search).has('review') ? 'review' : 'chat');
  const review = useMemo(() => new ReviewDesk(portal), [portal]);
  const viewer = playback.manifest.value?.viewer;
  const mayRead = viewer?.readsReview ?? false;
  useEffect(() => {
    if (mayRead) {
      void review.load();
    }
  }, [review, mayRead]);
  const hasReview = (viewer?.reviews ?? false) || (review.view.value?.review ?? null) !== null;
  const hasWords = captions.captions.value.list.length > 0;
  const tabs: readonly Tab[] = [
    'chat',
    ...(hasWords ? ['spoken' as const] : []),
    'notes',
    ...(hasReview ? ['review' as const] : []),
  ];
  const shown = tabs.includes(tab) ? tab : 'chat';
  return (
    <section class="side" aria-label={t(WORDS[shown])}>
      <div class="tabs side__tabs" role="tablist" onKeyDown={(event) => walk(event, tabs, shown, setTab)}>
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            class="tabs__tab"
            id={`side-tab-${name}`}
            aria-selected={name === shown}
            aria-controls="side-panel"
            tabIndex={name === shown ? 0 : -1}
            data-testid={`player-tab-${name}`}
            onClick={() => setTab(name)}
          >
            {t(WORDS[name])}
            {name === 'notes' && notes.notes.value.list.length > 0 && (
              <span class="side__count numbers">{notes.notes.value.list.length}</span>
            )}
          </button>
        ))}
      </div>
      <div class="side__panel" id="side-panel" role="tabpanel" aria-labelledby={`side-tab-${shown}`}>
        {shown === 'chat' && <ChatLog playback={playback} />}
        {shown === 'spoken' && <Transcript playback={playback} desk={captions} />}
        {shown === 'notes' && <NotesPanel playback={playback} desk={notes} />}
        {shown === 'review' && <ReviewPanel playback={playback} desk={review} />}
      </div>
    </section>
  );
}

function walk(event: KeyboardEvent, tabs: readonly Tab[], shown: Tab, choose: (tab: Tab) => void): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  const next = tabs[(tabs.indexOf(shown) + step + tabs.length) % tabs.length] ?? shown;
  choose(next);
  document.getElementById(`side-tab-${next}`)?.focus();
}
