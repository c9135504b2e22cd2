/** Text: a click opens the editor, on a text that is there or on a new one. */

import ink from '@spec/ink.json';
import { isWritten } from '../../core/shape';
import { thingAt } from './select';
import type { Tool, ToolHost, ToolPoint } from './tool';

export class TextTool implements Tool {
  readonly cursor = 'text';

  constructor(private readonly host: ToolHost) {}

  /** The editor opens on release: opening it under a pressed pointer would lose the focus again. */
  down(): void {}

  move(): void {}

  up(point: ToolPoint): void {
    const hit = thingAt(this.host, point);
    const shape = hit ? this.host.board.shape(hit) : null;
    if (shape && isWritten(shape) && !shape.locked) {
      this.host.openText({ id: shape.id, x: shape.x, y: shape.y });
      return;
    }
    const { size } = this.host.style('text');
    // The pointer marks the middle of the first line.
    this.host.openText({ id: null, x: point.x, y: point.y - (size * ink.text.line_height) / 2 });
  }

  cancel(): void {}
}
