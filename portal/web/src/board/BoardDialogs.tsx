/** The dialog that is open over the board, if any. */

import type { BoardController } from './controller';
import { FormulaDialog } from './formula/FormulaDialog';
import { PlotDialog } from './plot/PlotDialog';

export function BoardDialogs({ controller }: { controller: BoardController }) {
  const open = controller.dialogs.open.value;
  switch (open?.kind) {
    case 'formula':
      return <FormulaDialog controller={controller} shape={open.shape} />;
    case 'plot':
      return <PlotDialog controller={controller} form={open.form} shape={open.shape} />;
    default:
      return null;
  }
}
