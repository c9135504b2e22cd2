/** What is to be seen in a picture, in words: for those who hear the board, and for the search. */

import type { Hands } from '../board/hands';
import type { ImageShape } from '../core/shape';
import { THINGS } from '../core/shape';
import { t } from '../ui/i18n';

export function PictureWords({ hands, picture }: { hands: Hands; picture: ImageShape }) {
  const write = (words: string): void => {
    const caption = words.replace(/\s+/g, ' ').trim();
    if (caption !== picture.caption) {
      hands.set({ caption });
    }
  };
  return (
    <label class="look">
      <span class="field__label">{t('What is to be seen')}</span>
      <textarea
        class="input"
        rows={3}
        maxLength={THINGS.caption_chars}
        defaultValue={picture.caption}
        data-testid="caption"
        onChange={(event) => write(event.currentTarget.value)}
      />
      <span class="soft small">
        {t('It is read aloud to those who cannot see the picture, and found by the search.')}
      </span>
    </label>
  );
}
