/** Who is in the lesson: names and roles from their tickets, hands, microphones, and how they are connected. */

import { CircleDot, Hand, MicOff, Pencil, PencilOff, VideoOff } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { initialsOf, roleWord } from '../media/Tile';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { DoorList } from './DoorList';
import type { Door } from './door';
import { PersonMenu } from './PersonMenu';
import type { Participant } from './room';
import type { RoomStore } from './store';

export function PeoplePanel({ store, door }: { store: RoomStore; door: Door | null }) {
  const people = inOrder(store.everybody.value);
  const hands = people.filter((person) => person.presence.hand).map((person) => person.session);
  if (people.length === 0) {
    return (
      <div class="panel__empty">
        <span class="spinner" aria-hidden="true" />
        <p class="soft">{t('Joining the room…')}</p>
      </div>
    );
  }
  return (
    <>
      {door && <DoorList door={door} />}
      <ul class="people" data-testid="people-list">
        {people.map((person) => (
          <PersonRow
            key={person.session}
            store={store}
            person={person}
            isLive={store.state.value === 'live'}
            isAway={store.away.value.has(person.session)}
            place={hands.length > 1 ? hands.indexOf(person.session) + 1 : 0}
            menu={
              door && !person.isMe && person.role !== 'recorder' && store.state.value !== 'ended' ? (
                <PersonMenu person={person} store={store} door={door} />
              ) : null
            }
          />
        ))}
      </ul>
    </>
  );
}

/** Whoever raised a hand first comes first. */
export function byHand(people: readonly Participant[]): Participant[] {
  return [...people].sort((a, b) => (a.presence.handMs ?? 0) - (b.presence.handMs ?? 0));
}

/** Raised hands first, in the order in which they went up, then staff, then whoever came first; the recorder last. */
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
  const raised = (person: Participant): number => (person.presence.hand ? (person.presence.handMs ?? 0) : 0);
  return [...people].sort(
    (a, b) => rank(a) - rank(b) || raised(a) - raised(b) || a.joinedMs - b.joinedMs || (a.session < b.session ? -1 : 1),
  );
}

/** For staff: whether a student draws or only watches. */
function HoldButton({ store, person }: { store: RoomStore; person: Participant }) {
  if (
    !store.isStaff.value ||
    person.role !== 'student' ||
    !store.session.stage.writable ||
    store.state.value === 'ended'
  ) {
    return null;
  }
  const isHeld = store.held.value.has(person.user);
  return (
    <IconButton
      label={isHeld ? t('Let {name} draw', { name: person.name }) : t('Let {name} only watch', { name: person.name })}
      testId={`hold-${person.user}`}
      tip="left"
      class="button--quiet button--small"
      pressed={isHeld}
      onPress={() => store.hold(person.user, !isHeld)}
    >
      {isHeld ? <PencilOff class="icon" aria-hidden="true" /> : <Pencil class="icon" aria-hidden="true" />}
    </IconButton>
  );
}

interface PersonRowProps {
  store: RoomStore;
  person: Participant;
  isLive: boolean;
  isAway: boolean;
  /** Among the raised hands, from 1; 0: none, or the only one. */
  place: number;
  menu: ComponentChildren;
}

function PersonRow({ store, person, isLive, isAway, place, menu }: PersonRowProps) {
  const { presence } = person;
  const isRecorder = person.role === 'recorder';
  const note = isRecorder
    ? isLive
      ? t('Recording')
      : t('Ready to record')
    : person.isMe
      ? t('{role} · you', { role: roleWord(person.role) })
      : roleWord(person.role);
  return (
    <li class="person" data-testid={`participant-${person.user}`} data-away={isAway}>
      <span class="person__face" style={{ '--person': person.colour }} aria-hidden="true">
        {isRecorder ? <CircleDot class="icon" /> : initialsOf(person.name)}
      </span>
      <span class="person__words">
        <span class="person__name" dir="auto">
          {person.name}
        </span>
        <span class="person__note">{isAway ? t('Reconnecting…') : note}</span>
      </span>
      <span class="person__states">
        {presence.hand && (
          <span
            class="person__hand"
            role="img"
            aria-label={place > 0 ? t('Hand raised, number {place}', { place }) : t('Hand raised')}
            data-testid={`hand-${person.user}`}
          >
            {place > 0 ? <span aria-hidden="true">{place}</span> : <Hand class="icon" aria-hidden="true" />}
          </span>
        )}
        {!isRecorder && person.agent === 'browser' && !presence.mic && (
          <MicOff class="icon" role="img" aria-label={t('Microphone off')} />
        )}
        {!isRecorder && person.agent === 'browser' && !presence.cam && (
          <VideoOff class="icon" role="img" aria-label={t('Camera off')} />
        )}
        <HoldButton store={store} person={person} />
      </span>
      {menu}
    </li>
  );
}
