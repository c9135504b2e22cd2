/** Above the list of people, for whoever leads the lesson: who waits, and who was put out. */

import { t } from '../ui/i18n';
import type { DoorPerson } from './api';
import type { Door } from './door';

export function DoorList({ door }: { door: Door }) {
  return (
    <>
      <DoorGroup
        title={t('At the door')}
        people={door.waiting.value}
        testId="waiting"
        action={t('Let in')}
        onAct={(person) => void door.admit(person)}
      />
      <DoorGroup
        title={t('Taken out')}
        people={door.removed.value}
        testId="removed"
        action={t('Let in again')}
        onAct={(person) => void door.readmit(person)}
      />
    </>
  );
}

interface DoorGroupProps {
  title: string;
  people: readonly DoorPerson[];
  testId: string;
  action: string;
  onAct: (person: DoorPerson) => void;
}

function DoorGroup({ title, people, testId, action, onAct }: DoorGroupProps) {
  if (people.length === 0) {
    return null;
  }
  return (
    <section class="door" aria-label={title} data-testid={`${testId}-list`}>
      <h2 class="door__title">{title}</h2>
      {people.map((person) => (
        <div key={person.user} class="door__row">
          <span class="person__name">{person.name}</span>
          <button
            type="button"
            class="button button--small"
            data-testid={`${testId}-${person.user}`}
            aria-label={`${action}: ${person.name}`}
            onClick={() => onAct(person)}
          >
            {action}
          </button>
        </div>
      ))}
    </section>
  );
}
