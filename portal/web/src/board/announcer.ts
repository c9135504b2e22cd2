/**
 * What happens on the board, told to those who hear it: which tool is in hand, what is chosen, and what a key has done.
 * One sentence at a time, in a live region beside the board (`Announcements`).
 */

import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Board } from '../core/board';
import type { ShapeId } from '../core/ids';
import { t, tn } from '../ui/i18n';
import { describe } from './describe';
import type { ToolName } from './tools/tool';
import { toolWords } from './words';

export interface AnnouncerHost {
  readonly board: Board;
  readonly tool: ReadonlySignal<ToolName>;
  readonly selected: ReadonlySignal<ReadonlySet<ShapeId>>;
}

/** `turn` changes with every sentence, so that the same words said twice are heard twice. */
export interface Said {
  readonly words: string;
  readonly turn: number;
}

export class Announcer {
  readonly said = signal<Said>({ words: '', turn: 0 });
  private readonly stops: (() => void)[];

  constructor(private readonly host: AnnouncerHost) {
    let tool = host.tool.peek();
    let chosen = host.selected.peek();
    this.stops = [
      effect(() => {
        if (host.tool.value !== tool) {
          tool = host.tool.value;
          this.say(toolWords(tool));
        }
      }),
      effect(() => {
        const before = chosen;
        chosen = host.selected.value;
        if (chosen.size > 0 && chosen !== before) {
          this.say(this.chosenWords());
        }
      }),
    ];
  }

  destroy(): void {
    for (const stop of this.stops) {
      stop();
    }
  }

  say(words: string): void {
    this.said.value = { words, turn: this.said.peek().turn + 1 };
  }

  private chosenWords(): string {
    const ids = [...this.host.selected.peek()];
    const [only] = ids;
    const shape = only !== undefined && ids.length === 1 ? this.host.board.shape(only) : null;
    if (!shape) {
      return tn(ids.length, '{n} thing is chosen', '{n} things are chosen');
    }
    const words = describe(shape, null, (id) => this.host.board.shape(id));
    return shape.locked ? t('{thing}, locked', { thing: words }) : words;
  }
}
