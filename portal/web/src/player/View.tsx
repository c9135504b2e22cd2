import { Eye } from 'lucide-preact';
import { Popover } from '../ui/Popover';
import type { Playback } from './playback';
import './findings.css';
import { t } from '../ui/i18n';

/** What of the lesson is on screen: cameras, the board, whose work on it. */
export function View({ playback }: { playback: Playback }) {
  const view = playback.view.value;
  const isPlain = view.tiles && !view.soundOnly && playback.onlyUser.value === null && !playback.byAuthor.value;
  return (
    <Popover
      label={t('View')}
      side="above-end"
      testId="player-view-panel"
      button={{
        label: t('View'),
        testId: 'player-view',
        state: isPlain ? 'plain' : 'chosen',
        class: isPlain ? 'button--quiet' : 'button--quiet transport__on',
        children: <Eye class="icon" aria-hidden="true" />,
      }}
    >
      <fieldset class="authors">
        <legend class="authors__title">{t('Show')}</legend>
        <label class="authors__choice">
          <input
            type="checkbox"
            checked={view.tiles}
            disabled={view.soundOnly}
            data-testid="player-tiles-shown"
            onChange={(event) => playback.choose({ ...view, tiles: event.currentTarget.checked })}
          />
          {t('People and their cameras')}
        </label>
        <label class="authors__choice">
          <input
            type="checkbox"
            checked={view.soundOnly}
            data-testid="player-sound-only"
            onChange={(event) => playback.choose({ ...view, soundOnly: event.currentTarget.checked })}
          />
          {t('Sound only')}
        </label>
      </fieldset>
      <Authors playback={playback} />
    </Popover>
  );
}

/** Whose work is shown on the board, and whether everybody's has a colour of its own. */
function Authors({ playback }: { playback: Playback }) {
  const people = playback.people.value;
  const only = playback.onlyUser.value;
  if (people.length < 2) {
    return null;
  }
  const choose = (user: string | null): void => playback.lookAt(user, playback.byAuthor.peek());
  return (
    <>
      <fieldset class="authors">
        <legend class="authors__title">{t('Show on the board')}</legend>
        <label class="authors__choice">
          <input type="radio" name="author" checked={only === null} onChange={() => choose(null)} />
          {t('Everybody’s work')}
        </label>
        {people.map(({ user, name, colour }) => (
          <label key={user} class="authors__choice">
            <input
              type="radio"
              name="author"
              checked={only === user}
              data-testid={`player-author-${user}`}
              onChange={() => choose(user)}
            />
            <span class="authors__dot" style={{ background: colour }} />
            {t('Only {name}', { name })}
          </label>
        ))}
      </fieldset>
      <label class="authors__choice">
        <input
          type="checkbox"
          checked={playback.byAuthor.value}
          data-testid="player-by-author"
          onChange={(event) => playback.lookAt(playback.onlyUser.peek(), event.currentTarget.checked)}
        />
        {t('A colour for each person')}
      </label>
    </>
  );
}
