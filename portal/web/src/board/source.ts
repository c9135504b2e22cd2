/** What a view needs of a board: `core/board` has it, and so has anything that replays one. */

import type { PageId, ShapeId } from '../core/ids';
import type { Shape } from '../core/shape';

export interface BoardSource {
  /** The page's shapes without the erased ones, in painting order. */
  shapes(page: PageId): readonly Shape[];
  /** Any shape by its id; a changed shape is a new object. */
  shape(id: ShapeId): Shape | null;
  pages(): readonly { readonly id: PageId; readonly background: Background }[];
  /** Tells what changed; returns the way to stop. */
  onChange(listener: (change: BoardSourceChange) => void): () => void;
}

export interface BoardSourceChange {
  readonly shapes: ReadonlySet<ShapeId>;
  readonly pages: boolean;
}

export type Background = 'plain' | 'grid' | 'lined' | 'dots' | 'axes';
