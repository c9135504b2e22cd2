import { Volume2 } from 'lucide-preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { levels, SpeakingGate } from './speaking';
import { Tile } from './Tile';
import { tileGrid } from './tileGrid';
import { useBoxSize } from './useBoxSize';
import './media.css';
import { t } from '../ui/i18n';

export interface TilePerson {
  readonly session: string;
  readonly user: string;
  readonly name: string;
  readonly role: string;
  readonly colour: string;
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
  readonly self: boolean;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  readonly hand: boolean;
  readonly away?: boolean;
  /** Shown over all others. */
  readonly star?: boolean;
}

export interface VideoTilesProps {
  people: readonly TilePerson[];
  /** Sink id of the speaker to play through; empty is the default. */
  speaker?: string;
}

const LEVEL_EVERY_MS = 100;

/** Everyone in the lesson. The sound of others always plays from `<audio>` elements, one each. */
export function VideoTiles({ people, speaker = '' }: VideoTilesProps) {
  const [box, boxRef] = useBoxSize<HTMLUListElement>();
  const speaking = useSpeaking(people);
  const [blocked, setBlocked] = useState(false);
  const sounds = useRef(new Map<string, HTMLAudioElement>());
  const grid = tileGrid(people.length, box);

  const hearEveryone = async (): Promise<void> => {
    await levels.resume();
    const results = await Promise.allSettled([...sounds.current.values()].map((sound) => sound.play()));
    setBlocked(results.some((result) => result.status === 'rejected'));
  };

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
          <li key={person.session} data-star={person.star ?? false}>
            <Tile
              testId={`tile-${person.user}`}
              user={person.user}
              name={person.name}
              role={person.role}
              colour={person.colour}
              video={person.cameraOn && person.video?.readyState === 'live'}
              muted={!person.micOn}
              speaking={person.micOn && speaking.has(person.session)}
              hand={person.hand}
              mirrored={person.self}
              away={person.away ?? false}
              {...(person.self ? { note: t('You') } : {})}
            >
              <Picture track={person.video} />
              {!person.self && person.audio && (
                <Sound
                  track={person.audio}
                  speaker={speaker}
                  onBlocked={() => setBlocked(true)}
                  register={(element) => {
                    if (element) {
                      sounds.current.set(person.session, element);
                    } else {
                      sounds.current.delete(person.session);
                    }
                  }}
                />
              )}
            </Tile>
          </li>
        ))}
      </ul>
      {blocked && (
        <button type="button" class="button button--primary tiles__hear" onClick={() => void hearEveryone()}>
          <Volume2 class="icon" aria-hidden="true" />
          {t('Click to hear everyone')}
        </button>
      )}
    </div>
  );
}

/** The picture alone; always muted, so that no browser's autoplay rule can stop it. */
function Picture({ track }: { track: MediaStreamTrack | null }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) {
      element.current.srcObject = track ? new MediaStream([track]) : null;
    }
  }, [track]);
  return <video ref={element} muted autoplay playsInline disablePictureInPicture />;
}

interface SoundProps {
  track: MediaStreamTrack;
  speaker: string;
  onBlocked: () => void;
  register: (element: HTMLAudioElement | null) => void;
}

function Sound({ track, speaker, onBlocked, register }: SoundProps) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (!audio) {
      return;
    }
    register(audio);
    audio.srcObject = new MediaStream([track]);
    audio.play().catch((error: unknown) => {
      // AbortError: the track was exchanged while starting; its successor starts itself.
      if (error instanceof DOMException && error.name === 'NotAllowedError') {
        onBlocked();
      }
    });
    return () => {
      register(null);
      audio.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    const audio = element.current;
    if (audio && speaker && typeof audio.setSinkId === 'function') {
      // A speaker that was unplugged leaves the sound on the default one.
      audio.setSinkId(speaker).catch(() => undefined);
    }
  }, [speaker]);
  // biome-ignore lint/a11y/useMediaCaption: live speech has no captions to offer
  return <audio ref={element} autoplay />;
}

/** Sessions that speak now. Samples ten times a second and renders only when someone starts or stops. */
function useSpeaking(people: readonly TilePerson[]): ReadonlySet<string> {
  const [speaking, setSpeaking] = useState<ReadonlySet<string>>(new Set());
  const current = useRef(people);
  current.current = people;
  const gates = useMemo(() => new Map<string, SpeakingGate>(), []);
  const sounds = people.map(({ audio }) => audio?.id ?? '').join(' ');

  // `sounds` stands for the tracks of `people`: same tracks, same meters.
  useEffect(() => {
    const stops = current.current.map(({ audio }) => (audio ? levels.watch(audio) : () => undefined));
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [sounds]);

  useEffect(() => {
    const timer = setInterval(() => {
      const now = performance.now();
      const next = new Set<string>();
      for (const { session, audio } of current.current) {
        let gate = gates.get(session);
        if (!gate) {
          gate = new SpeakingGate();
          gates.set(session, gate);
        }
        if (gate.update(audio ? levels.levelOf(audio) : 0, now)) {
          next.add(session);
        }
      }
      setSpeaking((before) => (sameSet(before, next) ? before : next));
    }, LEVEL_EVERY_MS);
    return () => clearInterval(timer);
  }, [gates]);
  return speaking;
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
