import { useEffect, useRef, useState } from 'preact/hooks';
import { levels, SpeakingGate } from '../media/speaking';
import { Tile } from '../media/Tile';
import { tileGrid } from '../media/tileGrid';
import { useBoxSize } from '../media/useBoxSize';
import { t } from '../ui/i18n';
import { soundTrackOf } from './elementSound';
import type { PlayerPerson } from './manifest';
import type { Playback } from './playback';

const LEVEL_EVERY_MS = 120;

/** Everyone of the lesson, as they were at the clock's moment. */
export function PlayerTiles({ playback }: { playback: Playback }) {
  const [box, boxRef] = useBoxSize<HTMLUListElement>();
  const speaking = useSpeaking(playback);
  const people = playback.people.value;
  const grid = tileGrid(people.length, box, 8, 80);
  return (
    <div class="tiles">
      <ul
        ref={boxRef}
        class="tiles__grid"
        aria-label={t('Participants')}
        style={{
          '--columns': grid.columns,
          '--tile-width': `${grid.width_px}px`,
          '--tile-height': `${grid.height_px}px`,
        }}
      >
        {people.map((person) => (
          <li key={person.user}>
            <PersonTile playback={playback} person={person} isSpeaking={speaking.has(person.user)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface PersonTileProps {
  playback: Playback;
  person: PlayerPerson;
  isSpeaking: boolean;
}

function PersonTile({ playback, person, isSpeaking }: PersonTileProps) {
  // Pictures and voices come and go between renders of the list.
  playback.mediaVersion.value;
  const picture = playback.tracks.picture(person.user);
  const isHeard = playback.tracks.sound(person.user) !== null;
  const isHere = isPresent(person, playback.shown_ms.value);
  const hands = playback.hands.value;
  return (
    <Tile
      testId={`player-tile-${person.user}`}
      user={person.user}
      name={person.name}
      role={person.role}
      colour={person.colour}
      video={picture !== null}
      muted={isHere && !isHeard}
      speaking={isSpeaking && isHeard}
      hand={person.sessions.some((session) => hands.has(session))}
      away={!isHere}
      {...(isHere ? {} : { note: t('Not here') })}
    >
      <Slot element={picture} />
    </Tile>
  );
}

/** Without times of presence a person counts as there: older recordings do not tell. */
export function isPresent(person: PlayerPerson, t_ms: number): boolean {
  return person.present.length === 0 || person.present.some(([from, to]) => t_ms >= from && t_ms <= to);
}

/** Holds an element that playback owns. */
function Slot({ element }: { element: HTMLVideoElement | null }) {
  const slot = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element) {
      slot.current?.replaceChildren(element);
    } else {
      slot.current?.replaceChildren();
    }
  }, [element]);
  return <div ref={slot} class="player-slot" />;
}

/** Users that speak at this moment, measured on the sound as it plays. */
function useSpeaking(playback: Playback): ReadonlySet<string> {
  const [speaking, setSpeaking] = useState<ReadonlySet<string>>(new Set());
  const isPlaying = playback.playing.value;
  const version = playback.mediaVersion.value;
  useEffect(() => {
    if (!isPlaying) {
      setSpeaking(new Set());
      return;
    }
    const watched = new Map<string, { track: MediaStreamTrack; stop: () => void; gate: SpeakingGate }>();
    const timer = setInterval(() => {
      const now: string[] = [];
      for (const { user } of playback.people.peek()) {
        const element = playback.tracks.sound(user);
        const track = element && soundTrackOf(element);
        if (track && !watched.has(user)) {
          watched.set(user, { track, stop: levels.watch(track), gate: new SpeakingGate() });
        }
        const watch = watched.get(user);
        if (watch?.gate.update(levels.levelOf(watch.track), performance.now())) {
          now.push(user);
        }
      }
      setSpeaking((before) =>
        before.size === now.length && now.every((user) => before.has(user)) ? before : new Set(now),
      );
    }, LEVEL_EVERY_MS);
    return () => {
      clearInterval(timer);
      for (const { stop } of watched.values()) {
        stop();
      }
    };
  }, [playback, isPlaying, version]);
  return speaking;
}
