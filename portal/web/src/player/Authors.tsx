import { Users } from 'lucide-preact';
import { Popover } from '../ui/Popover';
import type { Playback } from './playback';
import './findings.css';

/** Whose work is shown on the board, and whether everybody's has a colour of its own. */
export function Authors({ playback }: { playback: Playback }) {
  const people = playback.people.value;
  const only = playback.onlyUser.value;
  if (people.length < 2) {
    return null;
  }
  const choose = (user: string | null): void => playback.lookAt(user, playback.byAuthor.peek());
  return (
    <Popover
      label="Whose work is shown"
      side="above-end"
      button={{
        label: 'Whose work is shown',
        testId: 'player-authors',
        state: only ? 'one' : playback.byAuthor.value ? 'colours' : 'all',
        class: only || playback.byAuthor.value ? 'button--quiet transport__on' : 'button--quiet',
        children: <Users class="icon" aria-hidden="true" />,
      }}
    >
      <fieldset class="authors">
        <legend class="authors__title">Show on the board</legend>
        <label class="authors__choice">
          <input type="radio" name="author" checked={only === null} onChange={() => choose(null)} />
          Everybody’s work
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
            Only {name}
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
        A colour for each person
      </label>
    </Popover>
  );
}
