/** The pages before the room. */

import { CircleAlert, DoorClosed, ShieldCheck } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { LessonFacts } from './room';
import { lessonHours } from './words';

export function LoadingPage({ words }: { words: string }) {
  return (
    <main class="page page--center" id="content">
      <div class="state" role="status">
        <span class="spinner" aria-hidden="true" />
        <p class="state__text">{words}</p>
      </div>
    </main>
  );
}

export function ErrorPage({ title, message, onRetry }: { title: string; message: string; onRetry: () => void }) {
  return (
    <main class="page page--center" id="content">
      <div class="state state--error" role="alert" data-testid="entrance-error">
        <span class="state__mark" aria-hidden="true">
          <CircleAlert class="icon" />
        </span>
        <h1>{title}</h1>
        <p class="state__text">{message}</p>
        <div class="cluster">
          <button type="button" class="button button--primary" data-testid="entrance-retry" onClick={onRetry}>
            Try again
          </button>
          <a class="button" href="/">
            Back to the lessons
          </a>
        </div>
      </div>
    </main>
  );
}

/** At the door of a lesson whose tutor lets people in. */
export function WaitingPage() {
  return (
    <main class="page page--center" id="content">
      <div class="state" role="status" data-testid="at-the-door">
        <span class="state__mark" aria-hidden="true">
          <DoorClosed class="icon" />
        </span>
        <h1>Your tutor will let you in</h1>
        <p class="state__text">You are in the right place. Leave this page open: the lesson opens here by itself.</p>
        <a class="button" href="/">
          Back to the lessons
        </a>
      </div>
    </main>
  );
}

export function WayIn({ info, children }: { info: LessonFacts; children: ComponentChildren }) {
  return (
    <div class="way-in">
      <header class="room-bar">
        <div class="room-bar__lesson">
          <p class="room-bar__title">{info.title}</p>
          <span class="soft small way-in__when">{lessonHours(info)}</span>
        </div>
        <a class="button button--quiet" href="/">
          Back
        </a>
      </header>
      <main class="way-in__body" id="content">
        {children}
      </main>
    </div>
  );
}

export function NoticePage({ info, onAgree }: { info: LessonFacts; onAgree: () => void }) {
  const [isSending, setSending] = useState(false);
  return (
    <WayIn info={info}>
      <section class="notice card" aria-labelledby="notice-title" data-testid="notice">
        <span class="state__mark" aria-hidden="true">
          <ShieldCheck class="icon" />
        </span>
        <h1 id="notice-title">This lesson is recorded</h1>
        <p>{info.notice}</p>
        <p class="soft small">
          Who may watch recordings is decided by {info.school}. Chat is public to everyone in the lesson.
        </p>
        <button
          type="button"
          class="button button--primary button--wide"
          data-testid="ack-notice"
          disabled={isSending}
          onClick={() => {
            setSending(true);
            onAgree();
          }}
        >
          I understand
        </button>
      </section>
    </WayIn>
  );
}
