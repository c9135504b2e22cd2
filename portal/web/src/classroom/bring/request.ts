/** Whoever wants pages brought in asks here; the room opens the dialog. */

import { signal } from '@preact/signals';

/** A file that was dropped, `choose` for none yet, null: nobody asks. */
export const bringRequest = signal<File | 'choose' | null>(null);
