/** Whether this tab was in the lesson already, so that a reload goes straight back in. */

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

function storage(): Storage | null {
  try {
    return globalThis.sessionStorage;
  } catch {
    // Blocked by policy: a reload then asks again.
    return null;
  }
}
