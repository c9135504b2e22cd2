/** Where other people point: an arrow and a name in their colour, above the board. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { BoardView } from './BoardView';
import { toScreen } from './camera';

export interface CursorMark {
  readonly key: string;
  readonly name: string;
  /** CSS colour of the participant. */
  readonly colour: string;
  /** Board px. */
  readonly x: number;
  readonly y: number;
}

/**
 * Put it into the positioned element that holds the view. Positions are written straight to the elements, in the frame that
 * shows them: a style changed between two frames would have the next pointer event wait for a layout.
 */
export function Cursors({ view, cursors }: { view: BoardView; cursors: readonly CursorMark[] }) {
  const root = useRef<HTMLDivElement>(null);
  const marks = useRef(cursors);
  marks.current = cursors;
  const ask = useRef<() => void>(() => undefined);

  useLayoutEffect(() => {
    let request = 0;
    const place = (): void => {
      request = 0;
      for (const [i, element] of [...(root.current?.children ?? [])].entries()) {
        const mark = marks.current[i];
        if (mark && element instanceof HTMLElement) {
          const at = toScreen(view.camera, mark);
          element.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
        }
      }
    };
    ask.current = () => {
      request ||= requestAnimationFrame(place);
    };
    const stop = view.onCamera(ask.current);
    return () => {
      stop();
      cancelAnimationFrame(request);
    };
  }, [view]);
  useLayoutEffect(() => ask.current(), [cursors]);

  return (
    <div class="cursors" ref={root} aria-hidden="true">
      {cursors.map((mark) => (
        <div key={mark.key} class="cursor" style={{ '--person': mark.colour }} data-testid="cursor">
          <svg class="cursor__arrow" viewBox="0 0 16 18" width="16" height="18">
            <title>{mark.name}</title>
            <path d="M1.5 1.2 14 8.6 8.2 10.2 5.4 16z" />
          </svg>
          <span class="cursor__name" dir="auto">
            {mark.name}
          </span>
        </div>
      ))}
    </div>
  );
}
