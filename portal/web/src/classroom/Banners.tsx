/** What lasts and everybody should know, above the board. One line each. */

import { CircleAlert, Eye, Hand, History, Mic, X } from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
import { t, tn } from '../ui/i18n';
import { byHand } from './PeoplePanel';
import type { RoomStore } from './store';
import { awayWords } from './whileAway';

/** Browsers without it (or with it switched off by policy) still have board and chat over the server. */
const hasWebRtc = typeof globalThis.RTCPeerConnection !== 'undefined';

export function Banners({ store }: { store: RoomStore }) {
  const isLive = store.state.value === 'live';
  const isOnline = store.connection.value.relay === 'online';
  const isUnrecorded = isLive && isOnline && store.session.info.recording === 'required' && !store.isRecorderHere.value;
  const hands = store.isStaff.value
    ? byHand(store.everybody.value.filter((person) => person.presence.hand && !person.isMe))
    : [];
  return (
    <div class="room__banners" aria-live="polite">
      {isUnrecorded && (
        <p class="banner banner--attention" data-testid="recorder-away">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">
            {t('The recorder is away. The lesson goes on; the board is kept and recorded later.')}
          </span>
        </p>
      )}
      {store.isOutdated.value && (
        <p class="banner banner--attention" data-testid="outdated">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">{t('This page’s copy of the board differs from the server’s.')}</span>
          <button type="button" class="button button--small" onClick={() => location.reload()}>
            {t('Load again')}
          </button>
        </p>
      )}
      {store.isForgetful.value && (
        <p class="banner banner--attention" data-testid="forgetful">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">
            {t('This browser keeps nothing on the device. Stay until “Saved” is shown before you close the page.')}
          </span>
        </p>
      )}
      {!hasWebRtc && (
        <p class="banner banner--attention" data-testid="no-webrtc">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">{t('This browser cannot carry sound and picture. Board and chat work.')}</span>
        </p>
      )}
      {store.isHeld.value && store.desks.at.value === null && store.state.value !== 'ended' && (
        <p class="banner" data-testid="held">
          <Eye class="icon" aria-hidden="true" />
          <span class="banner__text">
            {t('Your tutor lets you only watch the board for now.')}
            {store.save.value.unacked > 0 &&
              ` ${t('What you drew last waits on this device, and is shown when you may go on.')}`}
          </span>
        </p>
      )}
      {store.missed.value && (
        <div class="banner" data-testid="missed">
          <History class="icon" aria-hidden="true" />
          <span class="banner__text">{awayWords(store.missed.value)}</span>
          {store.missed.value.pages.length > 0 && (
            <button
              type="button"
              class="button button--small"
              data-testid="missed-show"
              onClick={() => store.showMissed()}
            >
              {t('Show me')}
            </button>
          )}
          <IconButton
            label={t('Dismiss')}
            testId="missed-dismiss"
            tip="bottom"
            class="button--quiet"
            onPress={() => store.dismissMissed()}
          >
            <X class="icon" aria-hidden="true" />
          </IconButton>
        </div>
      )}
      {store.asks.prompt.value && (
        <div class="banner" role="alertdialog" aria-label={t('Microphone')} data-testid="ask-unmute">
          <Mic class="icon" aria-hidden="true" />
          <span class="banner__text">
            {t('{name} asks you to turn your microphone on.', { name: store.asks.prompt.value.by })}
          </span>
          <button
            type="button"
            class="button button--primary button--small"
            data-testid="ask-yes"
            onClick={() => void store.asks.answer(true)}
          >
            {t('Turn on')}
          </button>
          <button
            type="button"
            class="button button--small"
            data-testid="ask-no"
            onClick={() => void store.asks.answer(false)}
          >
            {t('Not now')}
          </button>
        </div>
      )}
      {hands.length > 0 && (
        <p class="banner" data-testid="hands">
          <Hand class="icon" aria-hidden="true" />
          <span class="banner__text">
            {tn(hands.length, '{names} has a raised hand.', '{names} have a raised hand.', {
              names: hands.map((person) => person.name).join(', '),
            })}
          </span>
        </p>
      )}
    </div>
  );
}
