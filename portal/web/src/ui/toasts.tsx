/** Short messages that go away by themselves. For what is over; what lasts is a banner. */

import { signal } from '@preact/signals';

interface ToastEntry {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MS = 6_000;
/** More at once would hide the board; the oldest goes. */
const MOST = 3;
const entries = signal<readonly ToastEntry[]>([]);
let lastId = 0;

/** Shows a sentence for six seconds. The same sentence again only stays longer. */
export function toast(text: string): void {
  lastId += 1;
  const id = lastId;
  entries.value = [...entries.value.filter((entry) => entry.text !== text), { id, text }].slice(-MOST);
  setTimeout(() => {
    entries.value = entries.value.filter((entry) => entry.id !== id);
  }, SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
      {entries.value.map((entry) => (
        <div key={entry.id} class="toast">
          {entry.text}
        </div>
      ))}
    </div>
  );
}
