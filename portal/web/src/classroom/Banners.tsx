/** What lasts and everybody should know, above the board. One line each. */

import { CircleAlert, Eye, Hand, History, Mic, X } from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
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
            The recorder is away. The lesson goes on; the board is kept and recorded later.
          </span>
        </p>
      )}
      {store.isOutdated.value && (
        <p class="banner banner--attention" data-testid="outdated">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">This page’s copy of the board differs from the server’s.</span>
          <button type="button" class="button button--small" onClick={() => location.reload()}>
            Load again
          </button>
        </p>
      )}
      {store.isForgetful.value && (
        <p class="banner banner--attention" data-testid="forgetful">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">
            This browser keeps nothing on the device. Stay until “Saved” is shown before you close the page.
          </span>
        </p>
      )}
      {!hasWebRtc && (
        <p class="banner banner--attention" data-testid="no-webrtc">
          <CircleAlert class="icon" aria-hidden="true" />
          <span class="banner__text">This browser cannot carry sound and picture. Board and chat work.</span>
        </p>
      )}
      {store.isHeld.value && store.state.value !== 'ended' && (
        <p class="banner" data-testid="held">
          <Eye class="icon" aria-hidden="true" />
          <span class="banner__text">
            Your tutor lets you only watch the board for now.
            {store.save.value.unacked > 0 &&
              ' What you drew last waits on this device, and is shown when you may go on.'}
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
              Show me
            </button>
          )}
          <IconButton
            label="Dismiss"
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
        <div class="banner" role="alertdialog" aria-label="Microphone" data-testid="ask-unmute">
          <Mic class="icon" aria-hidden="true" />
          <span class="banner__text">{store.asks.prompt.value.by} asks you to turn your microphone on.</span>
          <button
            type="button"
            class="button button--primary button--small"
            data-testid="ask-yes"
            onClick={() => void store.asks.answer(true)}
          >
            Turn on
          </button>
          <button
            type="button"
            class="button button--small"
            data-testid="ask-no"
            onClick={() => void store.asks.answer(false)}
          >
            Not now
          </button>
        </div>
      )}
      {hands.length > 0 && (
        <p class="banner" data-testid="hands">
          <Hand class="icon" aria-hidden="true" />
          <span class="banner__text">
            {hands.map((person) => person.name).join(', ')} {hands.length === 1 ? 'has' : 'have'} a raised hand.
          </span>
        </p>
      )}
    </div>
  );
}
