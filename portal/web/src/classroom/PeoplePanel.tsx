/** Who is in the lesson: names and roles from their tickets, hands, microphones, and how they are connected. */

import { CircleDot, Hand, MicOff, VideoOff } from 'lucide-preact';
import { initialsOf, roleWord } from '../media/Tile';
import type { Participant } from './room';
import type { RoomStore } from './store';

export function PeoplePanel({ store }: { store: RoomStore }) {
  const people = inOrder(store.everybody.value);
  if (people.length === 0) {
    return (
      <div class="panel__empty">
        <span class="spinner" aria-hidden="true" />
        <p class="soft">Joining the room…</p>
      </div>
    );
  }
  return (
    <ul class="people" data-testid="people-list">
      {people.map((person) => (
        <PersonRow
          key={person.session}
          person={person}
          isLive={store.state.value === 'live'}
          isAway={store.away.value.has(person.session)}
        />
      ))}
    </ul>
  );
}

/** Raised hands first, then staff, then whoever came first; the recorder last. */
function inOrder(people: readonly Participant[]): Participant[] {
  const rank = (person: Participant): number => {
    if (person.role === 'recorder') {
      return 3;
    }
    if (person.presence.hand) {
      return 0;
    }
    return person.role === 'tutor' || person.role === 'coordinator' ? 1 : 2;
  };
  return [...people].sort((a, b) => rank(a) - rank(b) || a.joinedMs - b.joinedMs || (a.session < b.session ? -1 : 1));
}

interface PersonRowProps {
  person: Participant;
  isLive: boolean;
  isAway: boolean;
}

function PersonRow({ person, isLive, isAway }: PersonRowProps) {
  const { presence } = person;
  const isRecorder = person.role === 'recorder';
  const note = isRecorder
    ? isLive
      ? 'Recording'
      : 'Ready to record'
    : `${roleWord(person.role)}${person.isMe ? ' · you' : ''}`;
  return (
    <li class="person" data-testid={`participant-${person.user}`} data-away={isAway}>
      <span class="person__face" style={{ '--person': person.colour }} aria-hidden="true">
        {isRecorder ? <CircleDot class="icon" /> : initialsOf(person.name)}
      </span>
      <span class="person__words">
        <span class="person__name">{person.name}</span>
        <span class="person__note">{isAway ? 'Reconnecting…' : note}</span>
      </span>
      <span class="person__states">
        {presence.hand && (
          <span class="person__hand" role="img" aria-label="Hand raised" data-testid={`hand-${person.user}`}>
            <Hand class="icon" aria-hidden="true" />
          </span>
        )}
        {!isRecorder && person.agent === 'browser' && !presence.mic && (
          <MicOff class="icon" role="img" aria-label="Microphone off" />
        )}
        {!isRecorder && person.agent === 'browser' && !presence.cam && (
          <VideoOff class="icon" role="img" aria-label="Camera off" />
        )}
      </span>
    </li>
  );
}
