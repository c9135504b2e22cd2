import { captionsAt } from './captions';
import type { Playback } from './playback';
import './captions.css';
import { t } from '../ui/i18n';

/** What is spoken at this moment, at the foot of the board. */
export function Captions({ playback }: { playback: Playback }) {
  const { list } = playback.captions.value;
  if (!playback.view.value.captions || list.length === 0) {
    return null;
  }
  const now = captionsAt(list, playback.shown_ms.value);
  if (now.length === 0) {
    return null;
  }
  return (
    <div class="captions" data-testid="player-captions">
      {now.map(({ id, user, text }) => {
        const person = playback.people.value.find((one) => one.user === user);
        return (
          <p key={id} class="captions__line">
            <span class="captions__name">
              <span class="captions__dot" style={{ background: person?.colour ?? 'currentcolor' }} />
              {person?.name ?? t('Someone')}
            </span>
            {text}
          </p>
        );
      })}
    </div>
  );
}
