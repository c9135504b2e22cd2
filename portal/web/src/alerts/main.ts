/**
 * The page of whoever is on call: it waits for news of the portal, rings, and shows them. The page itself is the
 * portal's own and works without this; here it is only loaded again at the right moment.
 */
import { speakAsThePage, t } from '../ui/i18n';

const list = document.getElementById('alerts');
const WAIT_S = 20;
const RETRY_MS = 1_000;
const RING_MS = 1_500;
const TITLE = document.title;
const SOUND = 'chalkmesh.alerts.sound';

interface Feed {
  readonly version: number;
  readonly alerts: readonly { readonly id: string; readonly open: boolean }[];
}

let sound: AudioContext | null = null;
let openCount = Number(list?.dataset.open ?? 0);

/** Two tones, as unlike the beep of a chat as can be. */
function ring(context: AudioContext): void {
  for (const [index, frequency] of [880, 660, 880, 660].entries()) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const at = context.currentTime + index * 0.25;
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.3, at);
    gain.gain.linearRampToValueAtTime(0, at + 0.22);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.25);
  }
}

function alarm(): void {
  const isRinging = openCount > 0;
  const isOdd = Math.floor(Date.now() / RING_MS) % 2 === 1;
  document.title = isRinging && isOdd ? t('({openCount}) ALERT', { openCount }) : TITLE;
  if (isRinging && sound?.state === 'running') ring(sound);
}

/** Browsers let a page sound only after a press on it; after that the wish holds for this tab. */
function offerSound(): void {
  const box = document.getElementById('alert-sound');
  const button = box?.querySelector('button');
  const state = document.getElementById('alert-state');
  if (!box || !button || !state) return;
  box.hidden = false;
  const turnOn = (): void => {
    sound = new AudioContext();
    void sound.resume().then(() => {
      const isOn = sound?.state === 'running';
      button.hidden = isOn;
      state.textContent = isOn ? t('The sound is on. This page rings until somebody has an alert in hand.') : '';
      sessionStorage.setItem(SOUND, 'on');
    });
  };
  button.addEventListener('click', turnOn);
  // A page that was loaded again by news may go on sounding where the browser allows it.
  if (sessionStorage.getItem(SOUND) === 'on') turnOn();
}

/** What is being written in a form must not be lost to a reload. */
function isWriting(): boolean {
  return [...document.querySelectorAll<HTMLTextAreaElement>('#alerts textarea')].some(({ value }) => value !== '');
}

/** Puts the portal's own new list in place of this one, so that the sound, which a reload would end, goes on. */
async function show(feed: Feed): Promise<void> {
  openCount = feed.alerts.filter(({ open }) => open).length;
  alarm();
  const page = await fetch('/alerts', { credentials: 'same-origin' });
  const fresh = new DOMParser().parseFromString(await page.text(), 'text/html').getElementById('alerts');
  if (!page.ok || fresh === null || list === null) {
    location.reload();
    return;
  }
  const isKept = (node: Element): boolean => node.id === 'alert-sound';
  const kept = new Map(
    isWriting()
      ? [...list.querySelectorAll('section')]
          .filter((one) => one.querySelector('textarea')?.value)
          .map((one) => [one.getAttribute('aria-labelledby'), one])
      : [],
  );
  for (const node of [...list.children]) if (!isKept(node)) node.remove();
  for (const node of [...fresh.children]) {
    if (!isKept(node)) list.append(kept.get(node.getAttribute('aria-labelledby')) ?? node);
  }
}

async function follow(): Promise<never> {
  let since = Number(list?.dataset.version ?? -1);
  for (;;) {
    try {
      const answer = await fetch(`/api/alerts?since=${since}&wait_s=${WAIT_S}`, { credentials: 'same-origin' });
      if (answer.status === 401) location.reload();
      if (!answer.ok) throw new Error(`the portal answered ${answer.status}`);
      const feed = (await answer.json()) as Feed;
      if (feed.version !== since) await show(feed);
      since = feed.version;
    } catch {
      // The line is gone for now: tried again for as long as somebody is on call.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

if (list) {
  await speakAsThePage();
  offerSound();
  setInterval(alarm, RING_MS);
  void follow();
}
