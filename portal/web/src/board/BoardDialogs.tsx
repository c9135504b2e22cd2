/** The dialog that is open over the board, if any. */

import { useEffect, useRef } from 'preact/hooks';
import type { BoardController } from './controller';
import { FormulaDialog } from './formula/FormulaDialog';
import { PlotDialog } from './plot/PlotDialog';

export function BoardDialogs({ controller }: { controller: BoardController }) {
  const open = controller.dialogs.open.value;
  const wasOpen = useRef(false);
  // What was written is on the board now, and keys go to it: not back to the button that opened the dialog.
  useEffect(() => {
    if (wasOpen.current && !open) {
      controller.view.focusQuietly();
    }
    wasOpen.current = open !== null;
  }, [controller, open]);
  switch (open?.kind) {
    case 'formula':
      return <FormulaDialog controller={controller} shape={open.shape} />;
    case 'plot':
      return <PlotDialog controller={controller} form={open.form} shape={open.shape} />;
    default:
      return null;
  }
}
