/** What this device and the portal know of a lesson before there is a session. */
import { type KeySet, loadJwks } from '../core/keys';
import type { LessonInfo, Portal } from './portal';
import { LessonIndex, RoomStore } from './store';

export interface Known {
  readonly info: LessonInfo;
  /** null: this device keeps nothing (private mode, no space). */
  readonly index: LessonIndex | null;
  readonly store: RoomStore | null;
  /** The school's keys as kept here; null when the lesson was never opened on this device. */
  readonly keys: KeySet | null;
}

/** Rejects with PortalError when the portal is away or says no and this device knows nothing of the lesson. */
export async function lookUp(portal: Portal, lesson: string): Promise<Known> {
  const index = await LessonIndex.open().catch(() => null);
  const kept = (await index?.get(lesson).catch(() => null)) ?? null;
  const info = await portal.lesson().catch((error: unknown) => {
    if (kept === null) throw error;
    return kept.info as LessonInfo;
  });
  const keys = kept === null ? null : await loadJwks(kept.jwks).catch(() => null);
  const store = await RoomStore.open(info.room, info.me.user).catch(() => null);
  return { info, index, store, keys };
}
