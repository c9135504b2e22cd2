/** Small pictures along the lesson in one sprite. `times_ms`: lesson time of each, ordered. */
export interface Storyboard {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly times_ms: readonly number[];
}

/** Which part of the sprite shows a moment: px of its upper left corner. */
export function shotAt(board: Storyboard, lesson_ms: number): { readonly x: number; readonly y: number } | null {
  const at = board.times_ms.findLastIndex((time_ms) => time_ms <= lesson_ms);
  if (at < 0) {
    return null;
  }
  return { x: (at % board.columns) * board.width, y: Math.floor(at / board.columns) * board.height };
}

export function parseStoryboard(value: unknown): Storyboard | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { url, width, height, columns, times_ms } = value as Record<string, unknown>;
  const isSize = (size: unknown): size is number => typeof size === 'number' && size > 0 && size <= 1_000;
  if (typeof url !== 'string' || !url.startsWith('/') || !isSize(width) || !isSize(height) || !isSize(columns)) {
    return null;
  }
  const times = Array.isArray(times_ms) ? times_ms.filter((time): time is number => typeof time === 'number') : [];
  return times.length > 0 ? { url, width, height, columns, times_ms: times } : null;
}
