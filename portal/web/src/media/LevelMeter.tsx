import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../ui/i18n';
import { levels, SPEAKING_LEVEL } from './speaking';

export interface LevelMeterProps {
  /** The running microphone; null when there is none or it is muted. */
  track: MediaStreamTrack | null;
}

const SEGMENTS = 16;
const LEVEL_EVERY_MS = 60;

/** A row of segments that follows one's own voice, with a word on whether it is heard at all. */
export function LevelMeter({ track }: LevelMeterProps) {
  const [level, setLevel] = useState(0);
  const [heard, setHeard] = useState(false);
  const shown = useRef(0);

  useEffect(() => {
    if (!track) {
      setLevel(0);
      return;
    }
    setHeard(false);
    const stop = levels.watch(track);
    const timer = setInterval(() => {
      const now = levels.levelOf(track);
      // Falls slowly, so that the eye can follow it.
      shown.current = Math.max(now, shown.current * 0.86);
      setLevel(Math.round(shown.current * SEGMENTS) / SEGMENTS);
      if (now >= SPEAKING_LEVEL) {
        setHeard(true);
      }
    }, LEVEL_EVERY_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [track]);

  const lit = Math.round(level * SEGMENTS);
  return (
    <div class="level-meter">
      <meter class="visually-hidden" aria-label={t('Microphone level')} min={0} max={1} value={level} />
      <div class="level-meter__bar" aria-hidden="true">
        {Array.from({ length: SEGMENTS }, (_, i) => (
          <span key={`segment-${i + 1}`} class="level-meter__segment" data-lit={i < lit} />
        ))}
      </div>
      <span class="level-meter__words" role="status">
        {track ? (heard ? t('Your microphone works') : t('Say something')) : t('Your microphone is off')}
      </span>
    </div>
  );
}
