/** The way into the lesson: facts, recording notice, devices, room. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { DeviceCheck } from '../media/DeviceCheck';
import { LocalMedia } from '../media/localMedia';
import { PortalError } from '../net/portal';
import { newReference } from '../net/reference';
import { t } from '../ui/i18n';
import type { ClassroomPortal } from './api';
import { ErrorPage, LoadingPage, NoticePage, WaitingPage, WayIn } from './Entrance';
import { Room } from './Room';
import { forgetJoined, readJoined, rememberJoined } from './remember';
import type { LessonFacts, RoomSession } from './room';

export interface AppProps {
  lesson: string;
  csrf: string;
  portal: ClassroomPortal;
  /** Opens the room; the person counts as present from then on. */
  openSession: () => Promise<RoomSession>;
  /** Called when the person has left. */
  onLeft: () => void;
}

type Step =
  | { readonly name: 'loading'; readonly words: string }
  | { readonly name: 'error'; readonly title: string; readonly message: string; readonly reference: string }
  | { readonly name: 'notice'; readonly info: LessonFacts }
  | { readonly name: 'devices'; readonly info: LessonFacts }
  | { readonly name: 'waiting' }
  | { readonly name: 'room'; readonly session: RoomSession };

export function App({ lesson, csrf, portal, openSession, onLeft }: AppProps) {
  const media = useMemo(() => new LocalMedia(), []);
  const [step, setStep] = useState<Step>({ name: 'loading', words: t('Opening the room…') });

  const enter = async (): Promise<void> => {
    setStep({ name: 'loading', words: t('Joining the lesson…') });
    try {
      await waitAtTheDoor(portal, () => setStep({ name: 'waiting' }));
      setStep({ name: 'room', session: await openSession() });
    } catch (error) {
      setStep(errorStep(error));
    }
  };

  const begin = async (): Promise<void> => {
    setStep({ name: 'loading', words: t('Opening the room…') });
    const joined = readJoined(lesson);
    if (joined) {
      // A reload in the middle of a lesson goes straight back in, with the devices as they were.
      if (joined === 'devices') {
        await media.open();
      }
      await enter();
      return;
    }
    try {
      const info = await portal.facts();
      const isNoticeDue =
        info.recording !== 'off' && (info.notice !== '' || info.unrecorded) && !info.notice_acknowledged;
      setStep(isNoticeDue ? { name: 'notice', info } : { name: 'devices', info });
    } catch (error) {
      setStep(errorStep(error));
    }
  };
  // Once for the page: `begin` is called again only by its buttons.
  useEffect(() => void begin(), []);

  const acknowledge = async (info: LessonFacts): Promise<void> => {
    try {
      await portal.acknowledgeNotice();
      setStep({ name: 'devices', info });
    } catch (error) {
      setStep(errorStep(error));
    }
  };
  const join = (how: 'devices' | 'listen'): void => {
    rememberJoined(lesson, how);
    void enter();
  };
  const leave = async (session: RoomSession): Promise<void> => {
    forgetJoined(lesson);
    media.close();
    await session.close();
    onLeft();
  };

  switch (step.name) {
    case 'loading':
      return <LoadingPage words={step.words} />;
    case 'waiting':
      return <WaitingPage />;
    case 'error':
      return (
        <ErrorPage
          title={step.title}
          message={step.message}
          reference={step.reference}
          lesson={lesson}
          onRetry={() => void begin()}
        />
      );
    case 'notice':
      return <NoticePage info={step.info} csrf={csrf} onAgree={() => void acknowledge(step.info)} />;
    case 'devices':
      return (
        <WayIn info={step.info} csrf={csrf}>
          <DeviceCheck
            media={media}
            name={step.info.me.name}
            preflight={portal.preflight}
            onReady={(stream) => join(stream ? 'devices' : 'listen')}
            onSkip={() => join('listen')}
          />
        </WayIn>
      );
    case 'room':
      return (
        <Room
          session={step.session}
          media={media}
          portal={portal}
          csrf={csrf}
          onLeave={() => void leave(step.session)}
        />
      );
  }
}

/** How often a page that waits asks again, ms. */
const KNOCK_MS = 2_000;

/** Resolves once this person may come in. Rejects with PortalError when the school says no. */
async function waitAtTheDoor(portal: ClassroomPortal, onWaiting: () => void): Promise<void> {
  for (;;) {
    try {
      if (await portal.knock()) {
        return;
      }
      onWaiting();
    } catch (error) {
      // A portal that is away says nothing of the door: whoever has been here before opens what this device keeps.
      if (error instanceof PortalError && error.unreachable) {
        return;
      }
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, KNOCK_MS));
  }
}

function errorStep(error: unknown): Step {
  const message = error instanceof Error ? error.message : t('Something went wrong in this page.');
  const title = error instanceof PortalError && error.unreachable ? t('No connection') : t('The lesson did not open');
  const reference = (error instanceof PortalError && error.reference) || newReference();
  return { name: 'error', title, message, reference };
}
