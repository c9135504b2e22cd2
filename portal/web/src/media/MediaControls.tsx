import { Hand, Mic, MicOff, Video, VideoOff } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { faultSentence, type MediaKind } from './faults';
import type { LocalMedia } from './localMedia';
import './media.css';
import { t } from '../ui/i18n';

export interface MediaControlsProps {
  media: LocalMedia;
  hand: boolean;
  onHand: (up: boolean) => void;
  /** What changed for the others to see; put it into presence. */
  onChange?: (state: { micOn: boolean; cameraOn: boolean }) => void;
}

/** Microphone, camera and hand. A device that cannot start says why in a line above the buttons. */
export function MediaControls({ media, hand, onHand, onChange }: MediaControlsProps) {
  const state = media.state.value;
  const [asked, setAsked] = useState<MediaKind | null>(null);
  const fault = asked ? state[asked].fault : null;

  const turn = async (kind: MediaKind): Promise<void> => {
    const on = !state[kind].on;
    setAsked(kind);
    await (kind === 'microphone' ? media.setMicrophone(on) : media.setCamera(on));
    const { microphone, camera } = media.state.value;
    onChange?.({ micOn: microphone.on, cameraOn: camera.on });
  };

  return (
    <div class="media-controls" role="toolbar" aria-label={t('Microphone, camera and hand')}>
      {asked && fault && (
        <p class="media-controls__fault" role="alert">
          {faultSentence(asked, fault)}
        </p>
      )}
      <Toggle
        testId="mic"
        on={state.microphone.on}
        label={state.microphone.on ? t('Microphone is on. Turn it off') : t('Microphone is off. Turn it on')}
        onPress={() => void turn('microphone')}
      >
        {state.microphone.on ? <Mic class="icon" /> : <MicOff class="icon" />}
      </Toggle>
      <Toggle
        testId="camera"
        on={state.camera.on}
        label={state.camera.on ? t('Camera is on. Turn it off') : t('Camera is off. Turn it on')}
        onPress={() => void turn('camera')}
      >
        {state.camera.on ? <Video class="icon" /> : <VideoOff class="icon" />}
      </Toggle>
      <Toggle
        testId="hand"
        on={hand}
        attention
        label={hand ? t('Your hand is raised. Lower it') : t('Raise your hand')}
        onPress={() => onHand(!hand)}
      >
        <Hand class="icon" />
      </Toggle>
    </div>
  );
}

interface ToggleProps {
  testId: string;
  on: boolean;
  label: string;
  attention?: boolean;
  onPress: () => void;
  children: ComponentChildren;
}

function Toggle({ testId, on, label, attention = false, onPress, children }: ToggleProps) {
  return (
    <button
      type="button"
      class={`button button--icon media-toggle${attention ? ' media-toggle--attention' : ''}`}
      data-testid={testId}
      aria-pressed={on}
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
