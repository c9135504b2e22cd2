/** Where one stopped watching, kept on this device. Lesson times in ms. */
export interface PositionStore {
  load(duration_ms: number): number | null;
  save(position_ms: number, duration_ms: number): void;
}

/** Closer than this to the beginning or the end one begins at the beginning. */
const BEGINNING_MS = 10_000;
const END_MS = 15_000;

export function positionStore(
  lesson: string,
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
): PositionStore {
  const key = `chalkmesh.player.${lesson}`;
  return {
    load(duration_ms) {
      const stored = Number(storage.getItem(key) ?? Number.NaN);
      return Number.isFinite(stored) && stored >= BEGINNING_MS && stored <= duration_ms - END_MS ? stored : null;
    },
    save(position_ms, duration_ms) {
      if (position_ms < BEGINNING_MS || position_ms > duration_ms - END_MS) {
        storage.removeItem(key);
        return;
      }
      try {
        storage.setItem(key, String(Math.round(position_ms)));
      } catch (error) {
        // Storage is full: the place is simply not remembered.
        if (!(error instanceof DOMException)) {
          throw error;
        }
      }
    },
  };
}
