import { CircleAlert, CircleCheck, Mic, RefreshCw, Video, Volume2 } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ConnectionResult, checkConnection, connectionWords, type Preflight } from './connectionCheck';
import { faultSentences } from './faults';
import { LevelMeter } from './LevelMeter';
import type { DeviceOption, LocalMedia } from './localMedia';
import { initialsOf } from './Tile';
import { playTestTone } from './testTone';
import './deviceCheck.css';
import { t } from '../ui/i18n';

export interface DeviceCheckProps {
  media: LocalMedia;
  onReady: (stream: MediaStream | null) => void;
  onSkip?: () => void;
  /** Address of the session socket; without it only direct connections are checked. */
  relayUrl?: string | null;
  /** Where the portal can be asked for that address and for its TURN servers; rejects when it does not answer. */
  preflight?: () => Promise<Preflight>;
  /** Shown above the buttons: the recording notice. */
  notice?: ComponentChildren;
  name?: string;
}

/** Before joining: see and hear oneself, choose devices, and know whether the network carries the lesson. */
export function DeviceCheck({
  media,
  onReady,
  onSkip,
  relayUrl = null,
  preflight,
  notice,
  name = '',
}: DeviceCheckProps) {
  const state = media.state.value;

  useEffect(() => {
    if (!media.state.peek().stream) {
      void media.open();
    }
  }, [media]);

  const skip = (): void => {
    media.close();
    if (onSkip) {
      onSkip();
    } else {
      onReady(null);
    }
  };

  const joinWords = state.stream && state.microphone.present ? t('Join the lesson') : t('Join and listen');
  return (
    <section class="device-check card" aria-labelledby="device-check-title">
      <header class="device-check__head">
        <h1 id="device-check-title">{t('Ready to join?')}</h1>
        <p class="soft">{t('Check how you look and sound. You can change all of this during the lesson.')}</p>
      </header>
      <div class="device-check__body">
        <div class="device-check__self">
          <Preview media={media} name={name} />
          <LevelMeter track={state.microphone.on ? (state.stream?.getAudioTracks()[0] ?? null) : null} />
        </div>
        <div class="device-check__settings">
          <DeviceSelect
            label={t('Microphone')}
            icon={<Mic class="icon" aria-hidden="true" />}
            options={state.devices.microphones}
            value={state.microphone.id}
            onChoose={(id) => void media.choose('microphone', id)}
            none={state.devices.microphones.length > 0 ? t('Not in use') : t('None found')}
          />
          <DeviceSelect
            label={t('Camera')}
            icon={<Video class="icon" aria-hidden="true" />}
            options={state.devices.cameras}
            value={state.camera.id}
            onChoose={(id) => void media.choose('camera', id)}
            none={state.devices.cameras.length > 0 ? t('Not in use') : t('None found')}
          />
          <Speaker media={media} />
          <label class="check">
            <input
              type="checkbox"
              data-testid="original-sound"
              checked={state.originalSound}
              disabled={state.asking}
              onChange={(event) => void media.setOriginalSound(event.currentTarget.checked)}
            />
            <span>{t('Original sound, for music (use a headset)')}</span>
          </label>
          <Faults media={media} />
          <Connection relayUrl={relayUrl} preflight={preflight} />
        </div>
      </div>
      {notice}
      <footer class="device-check__actions">
        <button type="button" class="button button--quiet" data-testid="device-skip" onClick={skip}>
          {t('Join without camera and microphone')}
        </button>
        <button
          type="button"
          class="button button--primary device-check__join"
          data-testid="device-ready"
          disabled={state.asking}
          onClick={() => onReady(media.state.value.stream)}
        >
          {state.asking ? t('Waiting for your permission…') : joinWords}
        </button>
      </footer>
    </section>
  );
}

function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const { stream, camera, asking } = media.state.value;
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current && element.current.srcObject !== stream) {
      element.current.srcObject = stream;
    }
  }, [stream]);
  const visible = camera.present && camera.on;
  return (
    <div class="device-check__preview">
      <video ref={element} muted autoplay playsInline hidden={!visible} aria-label={t('Your camera')} />
      {!visible && (
        <div class="device-check__no-camera">
          <span class="avatar avatar--large" aria-hidden="true">
            {initialsOf(name) || '–'}
          </span>
          <span>
            {asking ? t('Your browser asks whether it may use camera and microphone') : t('Your camera is off')}
          </span>
        </div>
      )}
    </div>
  );
}

interface DeviceSelectProps {
  label: string;
  icon: ComponentChildren;
  options: readonly DeviceOption[];
  value: string;
  onChoose: (id: string) => void;
  /** What stands there while none of the devices is chosen. */
  none: string;
}

function DeviceSelect({ label, icon, options, value, onChoose, none }: DeviceSelectProps) {
  const isKnown = options.some(({ id }) => id === value);
  return (
    <label class="field">
      <span class="field__label device-check__label">
        {icon}
        {label}
      </span>
      <select
        class="input"
        value={isKnown ? value : ''}
        disabled={options.length === 0}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {!isKnown && <option value="">{none}</option>}
        {options.map((option, i) => (
          <option key={option.id} value={option.id}>
            {option.label || `${label} ${i + 1}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Speaker({ media }: { media: LocalMedia }) {
  const { devices, speaker } = media.state.value;
  const [phase, setPhase] = useState<'idle' | 'playing' | 'failed'>('idle');
  const play = async (): Promise<void> => {
    setPhase('playing');
    try {
      await playTestTone(speaker);
      setPhase('idle');
    } catch (error) {
      if (!(error instanceof DOMException)) {
        throw error;
      }
      setPhase('failed');
    }
  };
  return (
    <div class="device-check__speaker">
      <DeviceSelect
        label={t('Speaker')}
        icon={<Volume2 class="icon" aria-hidden="true" />}
        options={devices.speakers}
        value={speaker}
        onChoose={(id) => void media.choose('speaker', id)}
        none={t('System default')}
      />
      <button type="button" class="button" disabled={phase === 'playing'} onClick={() => void play()}>
        {phase === 'playing' ? t('Playing…') : t('Play a sound')}
      </button>
      {phase === 'failed' && <p class="field__error">{t('The sound could not be played on this speaker.')}</p>}
    </div>
  );
}

function Faults({ media }: { media: LocalMedia }) {
  const { microphone, camera, asking } = media.state.value;
  if (asking || (!microphone.fault && !camera.fault)) {
    return null;
  }
  return (
    <div class="banner banner--attention" role="status">
      <div class="banner__text">
        {faultSentences(microphone.fault, camera.fault).map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <button type="button" class="button button--small" onClick={() => void media.open()}>
        <RefreshCw class="icon" aria-hidden="true" />
        {t('Try again')}
      </button>
    </div>
  );
}

/** A portal that does not answer leaves the checks that need no server. */
async function check(relayUrl: string | null, ask: (() => Promise<Preflight>) | undefined): Promise<ConnectionResult> {
  const found = await ask?.().catch(() => null);
  return await checkConnection(relayUrl ?? found?.relay_url ?? null, found?.ice_servers ?? []);
}

interface ConnectionProps {
  relayUrl: string | null;
  preflight: (() => Promise<Preflight>) | undefined;
}

function Connection({ relayUrl, preflight }: ConnectionProps) {
  const [result, setResult] = useState<ConnectionResult | null>(null);
  useEffect(() => {
    let current = true;
    setResult(null);
    check(relayUrl, preflight).then((found) => {
      if (current) {
        setResult(found);
      }
    });
    return () => {
      current = false;
    };
  }, [relayUrl]);
  if (!result) {
    return (
      <p class="device-check__connection" role="status">
        <span class="spinner" aria-hidden="true" />
        {t('Checking your connection…')}
      </p>
    );
  }
  const { tone, text } = connectionWords(result);
  return (
    <p
      class={`device-check__connection device-check__connection--${tone}`}
      role="status"
      data-testid="connection-check"
    >
      {tone === 'good' ? (
        <CircleCheck class="icon" aria-hidden="true" />
      ) : (
        <CircleAlert class="icon" aria-hidden="true" />
      )}
      {text}
    </p>
  );
}
