/** The pages before the room. */

import { CircleAlert, DoorClosed, ShieldCheck } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { helpAddress } from '../net/reference';
import { t } from '../ui/i18n';
import { LanguageMenu } from '../ui/LanguageMenu';
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

interface ErrorPageProps {
  title: string;
  message: string;
  reference: string;
  lesson: string;
  onRetry: () => void;
}

export function ErrorPage({ title, message, reference, lesson, onRetry }: ErrorPageProps) {
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
            {t('Try again')}
          </button>
          <a class="button" href="/">
            {t('Back to the lessons')}
          </a>
          <a class="button" href={helpAddress(reference, lesson)} data-testid="entrance-help">
            {t('Ask us')}
          </a>
        </div>
        <p class="soft small numbers">{t('Reference {reference}', { reference })}</p>
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
        <h1>{t('Your tutor will let you in')}</h1>
        <p class="state__text">
          {t('You are in the right place. Leave this page open: the lesson opens here by itself.')}
        </p>
        <a class="button" href="/">
          {t('Back to the lessons')}
        </a>
      </div>
    </main>
  );
}

interface WayInProps {
  info: LessonFacts;
  csrf: string;
  children: ComponentChildren;
}

export function WayIn({ info, csrf, children }: WayInProps) {
  return (
    <div class="way-in">
      <header class="room-bar">
        <div class="room-bar__lesson">
          <p class="room-bar__title">{info.title}</p>
          <span class="soft small way-in__when">{lessonHours(info)}</span>
        </div>
        <div class="room-bar__end">
          <LanguageMenu csrf={csrf} />
          <a class="button button--quiet" href="/">
            {t('Back')}
          </a>
        </div>
      </header>
      <main class="way-in__body" id="content">
        {children}
      </main>
    </div>
  );
}

interface NoticePageProps {
  info: LessonFacts;
  csrf: string;
  onAgree: () => void;
}

export function NoticePage({ info, csrf, onAgree }: NoticePageProps) {
  const [isSending, setSending] = useState(false);
  return (
    <WayIn info={info} csrf={csrf}>
      <section class="notice card" aria-labelledby="notice-title" data-testid="notice">
        <span class="state__mark" aria-hidden="true">
          <ShieldCheck class="icon" />
        </span>
        <h1 id="notice-title">{t('This lesson is recorded')}</h1>
        <p>{info.notice}</p>
        {info.unrecorded && (
          <p data-testid="unrecorded">
            <strong>
              {t('Your voice and picture are not recorded. What you write on the board is part of the lesson.')}
            </strong>
          </p>
        )}
        <p class="soft small">
          {t('Who may watch recordings is decided by {school}. Chat is public to everyone in the lesson.', {
            school: info.school,
          })}
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
          {t('I understand')}
        </button>
      </section>
    </WayIn>
  );
}
