/** The field that stands over a text of the board while somebody writes in it. Every keystroke is an edit of its own. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { MAX_TEXT } from '../core/board';
import { type GeoShape, type NoteShape, THINGS } from '../core/shape';
import { t } from '../ui/i18n';
import { toScreen } from './camera';
import { caretAfter } from './caret';
import type { BoardController } from './controller';
import { hasRightToLeft, isRightToLeft } from './direction';
import { fitLabel } from './labels';
import { nextPoint, pointFromDash, type Written } from './lists';
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
        take(element, pointFromDash(element.value, element.selectionStart));
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
      aria-label={t('Text on the board')}
      maxLength={MAX_TEXT}
      spellcheck={false}
      dir="auto"
      rows={1}
      onKeyDown={(event) => {
        const isDone = event.key === 'Escape' || (event.key === 'Enter' && session.titled !== null);
        if (isDone && !event.isComposing) {
          event.preventDefault();
          controller.closeText();
          controller.view.focusQuietly();
        } else if (event.key === 'Enter' && !event.isComposing && !event.shiftKey) {
          const { value, selectionStart, selectionEnd } = event.currentTarget;
          const next = selectionStart === selectionEnd ? nextPoint(value, selectionStart) : null;
          if (next) {
            event.preventDefault();
            take(event.currentTarget, next);
            event.currentTarget.dispatchEvent(new InputEvent('input', { bubbles: true }));
          }
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

function take(element: HTMLTextAreaElement, written: Written | null): void {
  if (written && written.text.length <= MAX_TEXT) {
    element.value = written.text;
    element.setSelectionRange(written.caret, written.caret);
  }
}

/** Puts the field where the painter would set the text, in the same font and size. */
function layOut(element: HTMLTextAreaElement, controller: BoardController, session: TextSession): void {
  const { look, frame, isBold } = session;
  const { camera, scene } = controller.view;
  element.classList.toggle('board__text--framed', frame !== null);
  if (frame) {
    layOutFramed(element, controller, frame);
    return;
  }
  const at = toScreen(camera, look);
  const lines = element.value.split('\n');
  const widest = lines.reduce((width, line) => Math.max(width, measureText(line, look.size, isBold)), 0);
  const fontPx = look.size * camera.zoom;
  // Beside the letters there is room for the caret: on the left as well where lines run that way.
  const before = lines.some(isRightToLeft) ? fontPx : 0;
  const after = lines.every(isRightToLeft) ? 0 : fontPx;
  Object.assign(element.style, {
    left: `${at.x - before}px`,
    top: `${at.y}px`,
    width: `${before + widest * camera.zoom + after}px`,
    fontKerning: lines.some(hasRightToLeft) ? 'normal' : 'none',
    paddingLeft: `${before}px`,
    paddingRight: `${before > 0 ? after : 0}px`,
    height: `${lines.length * fontPx * LINE_HEIGHT + 2}px`,
    font: `${isBold ? 'bold ' : ''}${fontPx}px / ${LINE_HEIGHT} "${FONT_FAMILY}", system-ui, sans-serif`,
    // A frame stays on the board with its title, which is seen through the field.
    color: session.titled ? 'transparent' : cssColour(look.colour, scene.theme),
    caretColor: cssColour(look.colour, scene.theme),
  });
}

/** Over the letters of a shape: as large as where they may stand, transparent but for the caret; the board shows them. */
function layOutFramed(element: HTMLTextAreaElement, controller: BoardController, frame: GeoShape | NoteShape): void {
  const { camera } = controller.view;
  const { label, note, inner } = THINGS;
  const [left, top, right, bottom] = inner[frame.type === 'geo' ? frame.form : 'rectangle'] as [
    number,
    number,
    number,
    number,
  ];
  const [width, height] = [(right - left) * frame.w, (bottom - top) * frame.h];
  const padding = Math.min(label.padding, width / 8, height / 8);
  const wanted = frame.type === 'note' ? frame.size : label.size;
  const fit = fitLabel(element.value, width - 2 * padding, height - 2 * padding, wanted, frame.bold, measureText);
  const lines = Math.max(1, fit.lines.length);
  const high = Math.max(lines * fit.size * LINE_HEIGHT, note.corner);
  const at = toScreen(camera, {
    x: frame.x + left * frame.w + padding,
    y: frame.y + ((top + bottom) / 2) * frame.h - high / 2,
  });
  Object.assign(element.style, {
    left: `${at.x}px`,
    top: `${at.y}px`,
    width: `${(width - 2 * padding) * camera.zoom}px`,
    height: `${high * camera.zoom + 2}px`,
    font: `${frame.bold ? 'bold ' : ''}${fit.size * camera.zoom}px / ${LINE_HEIGHT} "${FONT_FAMILY}", system-ui, sans-serif`,
    color: 'transparent',
    caretColor: cssColour('black', controller.theme),
  });
}
