import { effect } from '@preact/signals';
import { render } from 'preact';
import { speakAsThePage } from '../ui/i18n';
import { BoardApp } from './boards/BoardApp';
import { CaptionDesk } from './captions';
import { handlePlayerKey } from './keys';
import { markersOf, NotesDesk } from './notesDesk';
import { Player } from './Player';
import { Playback } from './playback';
import { RecordingPortal } from './portalCalls';
import { positionStore } from './resume';
import { mountForTests } from './testHandle';
import { parseTime } from './times';

const SAVE_EVERY_MS = 5_000;

function start(root: HTMLElement): void {
  const lesson = root.dataset.lesson ?? '';
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? '';
  const portal = new RecordingPortal(lesson, csrf);
  const board = new URLSearchParams(location.search).get('board');
  root.replaceChildren();
  if (board) {
    render(<BoardApp portal={portal} board={board} csrf={csrf} />, root);
  } else {
    play(root, portal, csrf);
  }
}

function play(root: HTMLElement, portal: RecordingPortal, csrf: string): void {
  const { lesson } = portal;
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
  window.addEventListener('offline', () => playback.reach(false));
  window.addEventListener('online', () => playback.reach(true));
  window.addEventListener('keydown', (event) => handlePlayerKey(playback, event));
  mountForTests(playback);

  const notes = new NotesDesk(portal);
  effect(() => {
    playback.markers.value = markersOf(notes.notes.value);
  });
  void notes.load();
  const captions = new CaptionDesk(portal);
  effect(() => {
    playback.captions.value = captions.captions.value;
  });
  void captions.load();
  render(
    <Player
      playback={playback}
      portal={portal}
      notes={notes}
      captions={captions}
      csrf={csrf}
      onRetry={() => playback.reopen()}
    />,
    root,
  );
}

const root = document.getElementById('app');
if (root) {
  await speakAsThePage();
  start(root);
}
