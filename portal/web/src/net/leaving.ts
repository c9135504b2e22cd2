/**
 * Clears what this device keeps of lessons once nobody is signed in on it: the next person at a shared computer finds
 * nothing. Work that the relay does not hold stays, unread, until its writer opens the lesson again (E11); so does
 * everything of a page that still lives in another tab.
 */
import { AssetStore } from './assetStore';
import { journalPrefix } from './journal';
import type { LessonInfo } from './portal';
import { LessonIndex, RoomStore } from './store';

const COPY = /^chalkmesh(?<assets>-assets)?\/(?<room>[^/]+)\/(?<user>[^/]+)$/;
/** When somebody was in a lesson last, how far a recording was watched, whether a tab was in it. */
const TRACES = ['chalkmesh.touch.', 'chalkmesh.player.', 'chalkmesh.joined.'];

interface Copy {
  readonly room: string;
  readonly user: string;
  readonly isAssets: boolean;
}

export async function forgetLessons(): Promise<void> {
  const { indexedDB: databases, localStorage: local, sessionStorage: tab } = globalThis;
  // An older browser does not say what it keeps, or whether a page lives: then nothing is touched.
  if (databases?.databases === undefined || globalThis.navigator?.locks === undefined) return;
  const living = (await navigator.locks.query()).held?.map(({ name = '' }) => name) ?? [];
  const kept = new Set<string>();
  for (const copy of (await databases.databases()).flatMap(({ name }) => copyOf(name))) {
    const isLiving = living.some((name) => name.startsWith(`chalkmesh/${copy.room}/${copy.user}/`));
    const hasJournal = keysOf(local).some((key) => key.startsWith(journalPrefix(copy.room, copy.user)));
    if (isLiving || hasJournal || !(await forget(copy))) kept.add(copy.room);
  }
  await forgetIndex(kept);
  for (const storage of [local, tab]) {
    for (const key of keysOf(storage)) if (TRACES.some((trace) => key.startsWith(trace))) storage.removeItem(key);
  }
}

function copyOf(name: string | undefined): readonly Copy[] {
  const { room, user, assets } = COPY.exec(name ?? '')?.groups ?? {};
  return room === undefined || user === undefined ? [] : [{ room, user, isAssets: assets !== undefined }];
}

/** false: something in it was never saved. */
async function forget({ room, user, isAssets }: Copy): Promise<boolean> {
  const store = isAssets ? await AssetStore.open(room, user) : await RoomStore.open(room, user);
  const isSaved = store instanceof AssetStore ? (await store.unsaved()).length === 0 : await store.isSaved();
  if (isSaved) await store.clear();
  else store.close();
  return isSaved;
}

/** Of a lesson with unsaved work the index stays: with it, its page starts again and sends it. */
async function forgetIndex(kept: ReadonlySet<string>): Promise<void> {
  const index = await LessonIndex.open();
  for (const { lesson, info } of await index.lessons()) {
    if (!kept.has((info as LessonInfo).room)) await index.remove(lesson);
  }
  index.close();
}

function keysOf(storage: Storage): readonly string[] {
  return Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '');
}
