/** Cards over the board for the times when there is nothing to write on: before, after, and when the door stays shut. */

import { BellRing, CircleAlert, Clapperboard, DoorClosed } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { t } from '../ui/i18n';
import type { RoomStore } from './store';
import { type StopWords, stopWords } from './words';

export function RoomCard({ store }: { store: RoomStore }) {
  const { stopped } = store;
  if (store.state.value === 'ended') {
    return <EndedCard store={store} />;
  }
  if (stopped.value) {
    return <StoppedCard store={store} words={stopWords(stopped.value.code, stopped.value.reason)} />;
  }
  if (store.state.value === 'waiting' && store.me.value && !store.isDropIn.value) {
    return store.isStaff.value ? <PrepareHint /> : <WaitingCard store={store} />;
  }
  return null;
}

interface CardProps {
  title: string;
  icon: ComponentChildren;
  children: ComponentChildren;
  testId: string;
  tone?: 'attention';
}

function Card({ title, icon, children, testId, tone }: CardProps) {
  return (
    <section class="room-card" data-testid={testId} data-tone={tone} role="status">
      <span class="state__mark" aria-hidden="true">
        {icon}
      </span>
      <div class="stack stack--tight">
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  );
}

function WaitingCard({ store }: { store: RoomStore }) {
  const tutor = store.company.value.find((person) => person.role === 'tutor');
  return (
    <Card title={t('Waiting for your tutor')} icon={<BellRing class="icon" />} testId="waiting-card">
      <p class="soft">
        {tutor
          ? t('{name} is here and will start the lesson in a moment.', { name: tutor.name })
          : t('You are in the right place. The lesson begins when your tutor starts it.')}
      </p>
    </Card>
  );
}

/** One line at the foot, so that the tutor can prepare the board above it. */
function PrepareHint() {
  return (
    <p class="room-hint" data-testid="prepare-hint" role="status">
      {t('Prepare the board. Students see it, and can write once you start the lesson.')}
    </p>
  );
}

function EndedCard({ store }: { store: RoomStore }) {
  const { info } = store.session;
  return (
    <Card title={t('The lesson has ended')} icon={<Clapperboard class="icon" />} testId="ended-card">
      <p class="soft">
        {info.recording === 'off'
          ? t('Thank you for taking part. This lesson was not recorded.')
          : t('Thank you for taking part. You can watch it again whenever you like.')}
      </p>
      <div class="cluster">
        {info.recording !== 'off' && (
          <a class="button button--primary" href={`/recordings/${encodeURIComponent(info.lesson)}`}>
            {t('Watch the recording')}
          </a>
        )}
        <a class="button" href="/">
          {t('Back to the lessons')}
        </a>
      </div>
    </Card>
  );
}

function StoppedCard({ store, words }: { store: RoomStore; words: StopWords }) {
  return (
    <Card
      title={words.title}
      icon={words.action === null ? <DoorClosed class="icon" /> : <CircleAlert class="icon" />}
      testId="stopped-card"
      tone="attention"
    >
      <p class="soft">{words.text}</p>
      <div class="cluster">
        {words.action && (
          <button
            type="button"
            class="button button--primary"
            data-testid="stopped-action"
            onClick={() => (words.action === 'reload' ? location.reload() : store.retry())}
          >
            {words.button}
          </button>
        )}
        <a class="button" href="/">
          {t('Back to the lessons')}
        </a>
      </div>
    </Card>
  );
}
