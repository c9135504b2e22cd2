/** How many tiles stand beside each other so that each is as large as the box allows. */
export interface TileGrid {
  readonly columns: number;
  readonly width_px: number;
  readonly height_px: number;
}

const TILE_RATIO = 4 / 3;

/**
 * Lays `count` tiles of 4:3 out in a box. All lengths in CSS px. A box too low for every tile at `min_width_px` gets
 * tiles of that width in as many columns as fit, and scrolls.
 */
export function tileGrid(count: number, box: { width: number; height: number }, gap = 8, minWidth = 112): TileGrid {
  const columnsThatFit = Math.max(1, Math.floor((box.width + gap) / (minWidth + gap)));
  let best: TileGrid = sized(1, Math.min(box.width, minWidth));
  for (let columns = 1; columns <= Math.max(1, Math.min(count, columnsThatFit)); columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (box.width - gap * (columns - 1)) / columns;
    const byHeight = ((box.height - gap * (rows - 1)) / rows) * TILE_RATIO;
    const width = Math.floor(Math.min(byWidth, byHeight));
    if (width > best.width_px) {
      best = sized(columns, width);
    }
  }
  if (best.width_px >= Math.min(minWidth, box.width) && fits(best, count, box, gap)) {
    return best;
  }
  const columns = Math.min(count, columnsThatFit);
  return sized(columns, Math.max(1, Math.floor((box.width - gap * (columns - 1)) / columns)));
}

function sized(columns: number, width: number): TileGrid {
  return { columns, width_px: Math.max(1, width), height_px: Math.max(1, Math.round(width / TILE_RATIO)) };
}

function fits(grid: TileGrid, count: number, box: { width: number; height: number }, gap: number): boolean {
  const rows = Math.ceil(count / grid.columns);
  return rows * grid.height_px + gap * (rows - 1) <= box.height + 1;
}
