/** What staff do with the lesson as a whole. */

import { PortalError } from '../net/portal';
import { t } from '../ui/i18n';
import { toast } from '../ui/toasts';
import type { ClassroomPortal } from './api';
import type { RoomSession } from './room';

/** Why the lesson did not go live, as a sentence for the tutor. */
export interface StartRefusal {
  readonly title: string;
  readonly message: string;
}

/** Goes live: first the portal, which knows whether the recorder is there, then the stage that everybody sees. */
export async function startLesson(portal: ClassroomPortal, session: RoomSession): Promise<StartRefusal | null> {
  try {
    await portal.start();
  } catch (error) {
    return refusalOf(error);
  }
  session.stage.set({ state: 'live', startedMs: session.stage.startedMs ?? session.now() });
  return null;
}

function refusalOf(error: unknown): StartRefusal {
  if (!(error instanceof PortalError)) {
    throw error;
  }
  const title = error.code === 'recorder_missing' ? t('The recorder is not ready') : t('The lesson did not start');
  return { title, message: error.message };
}

/**
 * Ends for everybody: the stage and the portal in one breath, so that leaving the page at once does not keep the
 * lesson open. The recorder waits for the room to fall quiet before it seals, so the stage's last word is recorded.
 */
export async function endLesson(portal: ClassroomPortal, session: RoomSession): Promise<void> {
  session.stage.set({ state: 'ended' });
  session.flush();
  try {
    await portal.end();
  } catch (error) {
    if (!(error instanceof PortalError)) {
      throw error;
    }
    session.stage.set({ state: 'live' });
    toast(t('The lesson goes on: {message}', { message: error.message }));
  }
}
