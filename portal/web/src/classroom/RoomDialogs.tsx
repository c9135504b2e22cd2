/** The questions that the room asks before it does something that cannot be taken back. */

import { Dialog } from '../ui/Dialog';
import { t } from '../ui/i18n';
import type { SaveState } from './room';
import type { StartRefusal } from './staff';
import { saveWords } from './words';

export function EndDialog({ onClose, onEnd }: { onClose: () => void; onEnd: () => Promise<void> }) {
  return (
    <Dialog
      title={t('End the lesson for everyone?')}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Go on teaching')}
          </button>
          <button
            type="button"
            class="button button--danger"
            data-testid="end-confirm"
            onClick={() => {
              onClose();
              void onEnd();
            }}
          >
            {t('End lesson')}
          </button>
        </>
      }
    >
      <p class="soft">{t('The board is closed and the recording is finished. It can be watched a moment later.')}</p>
    </Dialog>
  );
}

export function LeaveDialog({
  state,
  onClose,
  onLeave,
}: {
  state: SaveState;
  onClose: () => void;
  onLeave: () => void;
}) {
  return (
    <Dialog
      title={t('Leave before everything is saved?')}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Stay')}
          </button>
          <button type="button" class="button button--primary" data-testid="leave-confirm" onClick={onLeave}>
            {t('Leave')}
          </button>
        </>
      }
    >
      <p class="soft">
        {saveWords(state)}. {t('Your work stays on this device and is sent when you open this lesson here again.')}
      </p>
    </Dialog>
  );
}

export interface StartRefusedProps {
  refusal: StartRefusal;
  isStarting: boolean;
  onClose: () => void;
  onRetry: () => void;
}

export function StartRefusedDialog({ refusal, isStarting, onClose, onRetry }: StartRefusedProps) {
  return (
    <Dialog
      title={refusal.title}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('Not now')}
          </button>
          <button
            type="button"
            class="button button--primary"
            data-testid="start-retry"
            aria-busy={isStarting}
            disabled={isStarting}
            onClick={onRetry}
          >
            {isStarting ? t('Trying…') : t('Try again')}
          </button>
        </>
      }
    >
      <p class="soft" role="alert" data-testid="start-refused">
        {refusal.message}
      </p>
    </Dialog>
  );
}
