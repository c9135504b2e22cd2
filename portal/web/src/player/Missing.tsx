import { TriangleAlert } from 'lucide-preact';
import { missingAt } from './gaps';
import type { Playback } from './playback';

/** Says over the board what is missing at this moment, and why. */
export function Missing({ playback }: { playback: Playback }) {
  const gaps = playback.manifest.value?.gaps ?? [];
  const sentences = missingAt(gaps, playback.shown_ms.value, playback.people.value);
  if (sentences.length === 0) {
    return null;
  }
  return (
    <div class="player-board__missing" role="status" data-testid="player-missing">
      <TriangleAlert class="icon" aria-hidden="true" />
      <span>{sentences.join(' ')}</span>
    </div>
  );
}
