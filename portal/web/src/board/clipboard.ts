/** Copy, cut and paste of what is chosen, as open JSON in the system's clipboard: from board to board, tab to tab. */

import { t } from '../ui/i18n';
import { toast } from '../ui/toasts';
import { isPictureFile, PictureRefused } from './bringPicture';
import { toBoard } from './camera';
import type { BoardController } from './controller';
import { isTyping } from './keyboard';
import { isOpen, OpenJsonError } from './openJson';

/** Longer letters than this are a document, not a text for a board. */
const MOST_LETTERS = 10_000;

/** Returns the way to stop. */
export function listenToClipboard(controller: BoardController): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener('copy', (event) => copy(controller, event), { signal });
  document.addEventListener('cut', (event) => copy(controller, event) && controller.hands.remove(), { signal });
  const { canvas } = controller.view;
  canvas.addEventListener('dragover', (event) => event.preventDefault(), { signal });
  canvas.addEventListener('drop', (event) => drop(controller, event), { signal });
  document.addEventListener('paste', (event) => paste(controller, event), { signal });
  return () => stop.abort();
}

function copy(controller: BoardController, event: ClipboardEvent): boolean {
  const isElsewhere = isTyping(event.target) || !document.getSelection()?.isCollapsed;
  const text = isElsewhere ? '' : controller.hands.copy();
  if (text === '' || !event.clipboardData) {
    return false;
  }
  event.clipboardData.setData('text/plain', text);
  event.preventDefault();
  return true;
}

function paste(controller: BoardController, event: ClipboardEvent): void {
  if (isTyping(event.target) || !controller.isWritable.value || !event.clipboardData) {
    return;
  }
  const file = [...event.clipboardData.files].find(isPictureFile);
  if (file) {
    event.preventDefault();
    void placePicture(controller, file);
    return;
  }
  const text = event.clipboardData.getData('text/plain');
  if (text === '') {
    return;
  }
  event.preventDefault();
  controller.choose('select');
  if (!isOpen(text)) {
    controller.pasteText(text.slice(0, MOST_LETTERS));
    return;
  }
  try {
    controller.hands.paste(text);
  } catch (error) {
    if (!(error instanceof OpenJsonError)) {
      throw error;
    }
    toast(error.message);
  }
}

function drop(controller: BoardController, event: DragEvent): void {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file && controller.isWritable.value) {
    const { left, top } = controller.view.canvas.getBoundingClientRect();
    const at = toBoard(controller.camera, { x: event.clientX - left, y: event.clientY - top });
    void placePicture(controller, file, at);
  }
}

/** Puts a picture onto the board, or says why not. */
export async function placePicture(
  controller: BoardController,
  file: File,
  at?: { x: number; y: number },
): Promise<void> {
  try {
    await controller.placePicture(file, at);
  } catch (error) {
    if (error instanceof PictureRefused) {
      toast(error.message);
    } else {
      toast(t('The picture could not be kept. Try again when the connection is back.'));
      reportError(error);
    }
  }
}
