/** The field that stands over a text of the board while somebody writes in it. Every keystroke is an edit of its own. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { MAX_TEXT } from '../core/board';
import { toScreen } from './camera';
import { caretAfter } from './caret';
import type { BoardController } from './controller';
import { measureText } from './measure';
import { cssColour, FONT_FAMILY } from './scene';
import { LINE_HEIGHT, type TextSession } from './textSession';

export function TextEditor({ controller, session }: { controller: BoardController; session: TextSession }) {
  const field = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element) {
      return;
    }
    const { board, view } = controller;
    const place = (): void => layOut(element, controller, session);
    element.value = session.text;
    place();
    element.focus({ preventScroll: true });
    element.setSelectionRange(element.value.length, element.value.length);

    const write = (event: Event): void => {
      // A composition (accents, Chinese, Japanese) is written when it is complete.
      if (!(event instanceof InputEvent && event.isComposing)) {
        session.write(element.value);
      }
      place();
    };
    const stopBoard = board.onChange((change) => {
      const { id, text } = session;
      if (!change.local && id && change.shapes.has(id) && text !== element.value) {
        const caret = caretAfter(element.value, text, element.selectionStart);
        element.value = text;
        element.setSelectionRange(caret, caret);
      }
      place();
    });
    const stopCamera = view.onCamera(place);
    element.addEventListener('input', write);
    element.addEventListener('compositionend', write);
    return () => {
      stopBoard();
      stopCamera();
      element.removeEventListener('input', write);
      element.removeEventListener('compositionend', write);
    };
  }, [controller, session]);

  return (
    <textarea
      ref={field}
      class="board__text"
      data-testid="text-editor"
      aria-label="Text on the board"
      maxLength={MAX_TEXT}
      spellcheck={false}
      rows={1}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.isComposing) {
          event.preventDefault();
          controller.closeText();
          controller.view.focusQuietly();
        }
      }}
      onBlur={() => {
        // Looking into another window keeps the editor; going to another part of the page closes it.
        if (document.hasFocus() && controller.editing.peek() === session) {
          controller.closeText();
        }
      }}
    />
  );
}

/** Puts the field where the painter would set the text, in the same font and size. */
function layOut(element: HTMLTextAreaElement, controller: BoardController, session: TextSession): void {
  const { look } = session;
  const { camera, scene } = controller.view;
  const at = toScreen(camera, look);
  const lines = element.value.split('\n');
  const widest = lines.reduce((width, line) => Math.max(width, measureText(line, look.size)), 0);
  const fontPx = look.size * camera.zoom;
  Object.assign(element.style, {
    left: `${at.x}px`,
    top: `${at.y}px`,
    width: `${widest * camera.zoom + fontPx}px`,
    height: `${lines.length * fontPx * LINE_HEIGHT + 2}px`,
    font: `${fontPx}px / ${LINE_HEIGHT} "${FONT_FAMILY}", system-ui, sans-serif`,
    color: cssColour(look.colour, scene.theme),
  });
}
