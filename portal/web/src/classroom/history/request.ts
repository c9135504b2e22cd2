/** Whoever wants to see earlier versions asks here; the room opens the dialog. */

import { signal } from '@preact/signals';

export const historyRequest = signal(false);
