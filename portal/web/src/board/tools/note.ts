/** Sticky notes: a click puts one down and opens it for writing. */

import { THINGS } from '../../core/shape';
import type { Point } from '../camera';
import { enlarged, type Tool, type ToolHost, type ToolPoint } from './tool';

export class NoteTool implements Tool {
  readonly cursor = 'copy';

  constructor(private readonly host: ToolHost) {}

  /** It is put down on release: an editor that opens under a pressed pointer would lose the focus again. */
  down(): void {}

  move(): void {}

  up(point: ToolPoint): void {
    this.place(point);
  }

  /** How large one is, board px. */
  get placed(): { w: number; h: number } {
    const side = THINGS.note.side * enlarged(this.host.view.camera.zoom);
    return { w: side, h: side };
  }

  place(at: Point): void {
    const { host } = this;
    const { w: side } = this.placed;
    const { colour, size } = host.style('note');
    const fields = { x: at.x - side / 2, y: at.y - side / 2, w: side, h: side, colour, size };
    const id = host.board.addThing({ type: 'note', page: host.page, fields, nowMs: host.now() });
    host.made(id);
    host.openText({ id, x: fields.x, y: fields.y });
  }

  cancel(): void {}
}
