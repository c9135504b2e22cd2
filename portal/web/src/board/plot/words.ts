/** What is wrong with a function or a number, in the reader’s language. */

import things from '@spec/things.json';
import type { ExpressionError } from '../../core/expression';
import { t } from '../../ui/i18n';

/** What cannot be drawn as it is written; the message is for whoever wrote it. */
export class PlotProblem extends Error {}

export function expressionWords({ problem, what }: ExpressionError): string {
  switch (problem) {
    case 'long':
      return t('A function has at most {n} characters.', { n: things.plot.expression_chars });
    case 'strange':
      return t('“{what}” is not understood.', { what });
    case 'unknown':
      return t('“{what}” is not known. Functions are written with x.', { what });
    case 'misplaced':
      return t('“{what}” does not belong there.', { what });
    case 'unfinished':
      return t('Something is missing at the end.');
    case 'deep':
      return t('There are too many brackets inside each other.');
    case 'bare':
      return t('Write {what} with brackets: {what}(x).', { what });
    case 'open':
      return t('A bracket is not closed.');
  }
}
