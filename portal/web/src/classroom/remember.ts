/** Whether this tab was in the lesson already, so that a reload goes straight back in, and when the lesson was last reached. */

export type Joined = 'devices' | 'listen';

const key = (lesson: string): string => `chalkmesh.joined.${lesson}`;

export function readJoined(lesson: string): Joined | null {
  const value = storage()?.getItem(key(lesson));
  return value === 'devices' || value === 'listen' ? value : null;
}

export function rememberJoined(lesson: string, how: Joined): void {
  storage()?.setItem(key(lesson), how);
}

export function forgetJoined(lesson: string): void {
  storage()?.removeItem(key(lesson));
}

const touchKey = (lesson: string, user: string): string => `chalkmesh.touch.${lesson}.${user}`;
/** Writing to storage costs a disk write: a few seconds more or less of absence say the same. */
const TOUCH_EVERY_MS = 4_000;
let touchedMs = 0;

/** When this person was last in touch with the lesson on this device, unix ms by the room's clock; null: never. */
export function readTouch(lesson: string, user: string): number | null {
  const value = Number(storage('localStorage')?.getItem(touchKey(lesson, user)) ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}

export function rememberTouch(lesson: string, user: string, nowMs: number): void {
  if (nowMs - touchedMs < TOUCH_EVERY_MS) return;
  touchedMs = nowMs;
  storage('localStorage')?.setItem(touchKey(lesson, user), String(Math.round(nowMs)));
}

function storage(kind: 'sessionStorage' | 'localStorage' = 'sessionStorage'): Storage | null {
  try {
    return globalThis[kind] ?? null;
  } catch {
    // Blocked by policy: a reload then asks again.
    return null;
  }
}
