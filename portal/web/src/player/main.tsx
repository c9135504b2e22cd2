import { render } from 'preact';
import { handlePlayerKey } from './keys';
import { Player } from './Player';
import { Playback } from './playback';
import { positionStore } from './resume';
import { mountForTests } from './testHandle';
import { parseTime } from './times';

const SAVE_EVERY_MS = 5_000;

function start(root: HTMLElement): void {
  const lesson = root.dataset.lesson ?? '';
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? '';
  const sounds = document.createElement('div');
  sounds.hidden = true;
  document.body.append(sounds);

  const playback = new Playback(`/api/recordings/${encodeURIComponent(lesson)}`, sounds);
  const places = positionStore(lesson, localStorage);
  // A link's time goes before the place where one stopped.
  playback.open((duration_ms) => parseTime(new URLSearchParams(location.search).get('t')) ?? places.load(duration_ms));

  const save = (): void => {
    if (playback.phase.peek() === 'ready') {
      places.save(playback.position_ms, playback.duration_ms);
    }
  };
  setInterval(save, SAVE_EVERY_MS);
  window.addEventListener('pagehide', save);
  window.addEventListener('keydown', (event) => handlePlayerKey(playback, event));
  mountForTests(playback);

  root.replaceChildren();
  render(<Player playback={playback} csrf={csrf} onRetry={() => playback.reopen()} />, root);
}

const root = document.getElementById('app');
if (root) {
  start(root);
}
