/** What the tutor can do about one person: ask for the microphone, lower the hand, take them out of the lesson. */

import { EllipsisVertical } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { isStaff } from '../core/ids';
import { Dialog } from '../ui/Dialog';
import { t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { type Door, REMOVAL_REASONS } from './door';
import type { Participant } from './room';
import type { RoomStore } from './store';

export interface PersonMenuProps {
  person: Participant;
  store: RoomStore;
  door: Door;
}

export function PersonMenu({ person, store, door }: PersonMenuProps) {
  const [isRemoving, setRemoving] = useState(false);
  const { presence } = person;
  const isStar = store.star.value === person.user;
  const mayRemove = !isStaff(person.role);
  return (
    <>
      <Popover
        label={t('About {name}', { name: person.name })}
        testId={`menu-${person.user}`}
        button={{
          label: t('More about {name}', { name: person.name }),
          testId: `more-${person.user}`,
          tip: 'left',
          class: 'button--quiet button--small',
          children: <EllipsisVertical class="icon" aria-hidden="true" />,
        }}
      >
        <div class="person-menu">
          {presence.mic ? (
            <Choice testId={`mute-${person.user}`} onPress={() => store.asks.ask(person.user, 'mute')}>
              {t('Turn the microphone off')}
            </Choice>
          ) : (
            <Choice testId={`unmute-${person.user}`} onPress={() => store.asks.ask(person.user, 'unmute')}>
              {t('Ask to turn the microphone on')}
            </Choice>
          )}
          {presence.hand && (
            <Choice testId={`lower-${person.user}`} onPress={() => store.asks.ask(person.user, 'lower')}>
              {t('Lower the hand')}
            </Choice>
          )}
          <Choice
            testId={`star-${person.user}`}
            onPress={() => store.session.stage.showStar(isStar ? null : person.user)}
          >
            {isStar ? t('Out of the spotlight') : t('Into the spotlight')}
          </Choice>
          {mayRemove && (
            <Choice testId={`remove-${person.user}`} onPress={() => setRemoving(true)}>
              {t('Take out of the lesson…')}
            </Choice>
          )}
        </div>
      </Popover>
      {isRemoving && <RemoveDialog person={person} door={door} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Choice({ testId, onPress, children }: { testId: string; onPress: () => void; children: string }) {
  return (
    <button type="button" class="button button--quiet person-menu__choice" data-testid={testId} onClick={onPress}>
      {children}
    </button>
  );
}

function RemoveDialog({ person, door, onClose }: { person: Participant; door: Door; onClose: () => void }) {
  const [reason, setReason] = useState<string>(REMOVAL_REASONS[0][0]);
  return (
    <Dialog
      title={t('Take {name} out of the lesson?', { name: person.name })}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            class="button button--danger"
            data-testid="remove-confirm"
            onClick={() => {
              onClose();
              void door.remove({ user: person.user, name: person.name }, reason);
            }}
          >
            {t('Take out')}
          </button>
        </>
      }
    >
      <p class="soft">{t('They leave at once. What they drew stays. You can let them in again from this list.')}</p>
      <label class="field">
        <span class="field__label">{t('Why')}</span>
        <select
          class="input"
          data-testid="remove-reason"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        >
          {REMOVAL_REASONS.map(([code, words]) => (
            <option key={code} value={code}>
              {t(words)}
            </option>
          ))}
        </select>
      </label>
    </Dialog>
  );
}
