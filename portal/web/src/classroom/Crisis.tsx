/** The crisis button of staff and observers: two deliberate steps, and a quiet line of what became of it. */

import { LifeBuoy } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../ui/Dialog';
import { IconButton } from '../ui/IconButton';
import { phrase, t } from '../ui/i18n';
import type { RoomStore } from './store';
import { alertWords } from './words';

/** As the portal knows them. */
const REASONS = [
  ['danger', phrase('Somebody may be in danger')],
  ['medical', phrase('Medical emergency')],
  ['distress', phrase('A student is in distress')],
  ['conduct', phrase('Conduct that I cannot handle alone')],
  ['other', phrase('Something else that cannot wait')],
] as const;

export function CrisisButton({ store }: { store: RoomStore }) {
  const [isOpen, setOpen] = useState(false);
  const state = store.alert.value;
  if (!store.mayPressAlert.value) {
    return null;
  }
  return (
    <>
      {state && (
        <span class="mark mark--attention" role="status" data-testid="crisis-state" data-state={state}>
          <span class="mark__text crisis__text">{alertWords(state)}</span>
        </span>
      )}
      <IconButton
        label={t('Call for help')}
        testId="crisis"
        tip="bottom"
        class="button--quiet crisis"
        onPress={() => setOpen(true)}
      >
        <LifeBuoy class="icon" aria-hidden="true" />
      </IconButton>
      {isOpen && <CrisisDialog store={store} onClose={() => setOpen(false)} />}
    </>
  );
}

function CrisisDialog({ store, onClose }: { store: RoomStore; onClose: () => void }) {
  const [reason, setReason] = useState<string | null>(null);
  const send = (): void => {
    if (reason !== null) {
      onClose();
      void store.pressAlert(reason);
    }
  };
  return (
    <Dialog
      title={t('Call the people on duty?')}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            class="button button--danger"
            data-testid="crisis-send"
            disabled={reason === null}
            onClick={send}
          >
            {t('Call for help')}
          </button>
        </>
      }
    >
      <p class="soft">{t('They are told at once, until somebody answers. Students do not see this.')}</p>
      <fieldset class="crisis__reasons">
        <legend class="visually-hidden">{t('What it is about')}</legend>
        {REASONS.map(([code, words]) => (
          <label key={code} class="crisis__reason">
            <input
              type="radio"
              name="crisis-reason"
              value={code}
              checked={reason === code}
              data-testid={`crisis-${code}`}
              onChange={() => setReason(code)}
            />
            <span>{t(words)}</span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
