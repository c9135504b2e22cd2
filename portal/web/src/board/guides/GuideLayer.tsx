/** The guide on the board: it is moved by its body, turned and opened by its knobs, or with the keyboard. */

import { Minus, Plus, RotateCcw, RotateCw, Spline, X } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from '../../ui/IconButton';
import { type Camera, type Point, toBoard, toScreen } from '../camera';
import type { BoardController } from '../controller';
import { bodyPath, facePaths, labelsOf } from './face';
import {
  ARM_REACH,
  armEnd,
  degreesOf,
  type Guide,
  type GuideKind,
  radiansOf,
  UNIT_PX,
  unitsOf,
  wholeDegrees,
} from './guide';
import './guides.css';
import { type Phrase, phrase, t } from '../../ui/i18n';

export const GUIDE_WORDS: Readonly<Record<GuideKind, Phrase>> = {
  ruler: phrase('Ruler'),
  square: phrase('Set square'),
  protractor: phrase('Protractor'),
  compass: phrase('Compass'),
};

type Grab = (from: { readonly guide: Guide; readonly at: Point }, to: Point) => Partial<Guide>;

/** How near (CSS px) to an edge a press is the pen's and not the guide's. */
const EDGE_PX = 10;
const NUDGE_PX = 2;
const DEGREE = Math.PI / 180;

export function GuideLayer({ controller }: { controller: BoardController }) {
  const guide = controller.guides.shown.value;
  return guide && controller.isWritable.value ? <LaidGuide controller={controller} guide={guide} /> : null;
}

/** A component of its own: without a guide nothing follows the camera. */
function LaidGuide({ controller, guide }: { controller: BoardController; guide: Guide }) {
  const [camera, setCamera] = useState<Camera>(controller.view.camera);
  useEffect(() => {
    setCamera(controller.view.camera);
    return controller.view.onCamera(setCamera);
  }, [controller]);
  return (
    <>
      <svg class="guide">
        <title>{t(GUIDE_WORDS[guide.kind])}</title>
        <Face controller={controller} guide={guide} camera={camera} />
      </svg>
      <GuideBar controller={controller} guide={guide} />
    </>
  );
}

interface FaceProps {
  controller: BoardController;
  guide: Guide;
  camera: Camera;
}

function Face({ controller, guide, camera }: FaceProps) {
  const { zoom } = camera;
  const at = toScreen(camera, guide);
  const turn = (guide.angle * 180) / Math.PI;
  const grab = useGrab(controller);
  const { thin, bold } = facePaths(guide);
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys of its own, as an application does.
    <g
      transform={`translate(${at.x} ${at.y}) scale(${zoom}) rotate(${turn})`}
      tabindex={0}
      role="application"
      aria-roledescription={t('drawing instrument')}
      aria-label={t('{instrument}. Arrows move it, comma and full stop turn it, Enter draws along it.', {
        instrument: describe(guide),
      })}
      data-testid="guide"
      data-kind={guide.kind}
      class="guide__body"
      onKeyDown={(event) => {
        if (pressOn(controller, guide, event)) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
    >
      <path class="guide__sheet" d={bodyPath(guide, 0)} />
      <path class="guide__marks" d={thin} />
      <path class="guide__marks guide__marks--bold" d={bold} />
      {labelsOf(guide, zoom).map(({ x, y, text, size }) => (
        <text key={`${x} ${y}`} class="guide__label" x={x} y={y} font-size={size}>
          {text}
        </text>
      ))}
      {guide.kind === 'protractor' && <Arm guide={guide} />}
      <path class="guide__grab" d={bodyPath(guide, EDGE_PX / zoom)} data-testid="guide-body" {...grab(moveIt)} />
      {guide.kind === 'compass' ? (
        <Knob at={armEnd(guide, 1)} zoom={zoom} label="guide-radius" {...grab(openIt)} />
      ) : (
        <Knob at={turnKnob(guide, zoom)} zoom={zoom} label="guide-turn" {...grab(turnIt)} />
      )}
      {guide.kind === 'protractor' && (
        <Knob at={armEnd(guide, ARM_REACH)} zoom={zoom} label="guide-arm" {...grab(swingIt)} />
      )}
    </g>
  );
}

function Arm({ guide }: { guide: Guide }) {
  const { x, y } = armEnd(guide, ARM_REACH);
  return <path class="guide__arm" d={`M0 0L${x} ${y}`} />;
}

const turnKnob = ({ kind, size, depth }: Guide, zoom: number): Point =>
  kind === 'protractor'
    ? { x: -size - 22 / zoom, y: 0 }
    : { x: size / 2 - 26 / zoom, y: kind === 'square' ? 18 / zoom : depth / 2 };

interface KnobProps {
  at: Point;
  zoom: number;
  label: string;
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: (event: PointerEvent) => void;
  onPointerCancel: (event: PointerEvent) => void;
}

function Knob({ at, zoom, label, ...grab }: KnobProps) {
  return (
    <g class="guide__knob" transform={`translate(${at.x} ${at.y}) scale(${1 / zoom})`} data-testid={label} {...grab}>
      <circle class="guide__reach" r="14" />
      <circle r="9" />
    </g>
  );
}

const moveIt: Grab = ({ guide, at }, to) => ({ x: guide.x + to.x - at.x, y: guide.y + to.y - at.y });

const turnIt: Grab = ({ guide, at }, to) => {
  const before = Math.atan2(at.y - guide.y, at.x - guide.x);
  const now = Math.atan2(to.y - guide.y, to.x - guide.x);
  return { angle: wholeDegrees(guide.angle + now - before) };
};

const openIt: Grab = ({ guide }, to) => {
  const [dx, dy] = [to.x - guide.x, to.y - guide.y];
  const tenth = UNIT_PX / 10;
  return { size: Math.round(Math.hypot(dx, dy) / tenth) * tenth, arm: -Math.atan2(dy, dx) - guide.angle };
};

const swingIt: Grab = ({ guide }, to) => {
  const arm = -(Math.atan2(to.y - guide.y, to.x - guide.x) - guide.angle);
  const half = Math.atan2(Math.sin(arm), Math.cos(arm));
  // Under the base, the nearer end of the scale.
  const held = half >= 0 ? half : half < -Math.PI / 2 ? Math.PI : 0;
  return { arm: wholeDegrees(held) };
};

/** Pointer handlers that carry a guide along; presses on it are no strokes. */
function useGrab(controller: BoardController) {
  const from = useRef<{ pointer: number; guide: Guide; at: Point; run: Grab } | null>(null);
  const boardPoint = (event: PointerEvent): Point => {
    const box = controller.view.canvas.getBoundingClientRect();
    return toBoard(controller.view.camera, { x: event.clientX - box.left, y: event.clientY - box.top });
  };
  return (run: Grab) => ({
    onPointerDown: (event: PointerEvent) => {
      const guide = controller.guides.shown.value;
      if (guide && event.button === 0 && event.currentTarget instanceof Element) {
        event.stopPropagation();
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { pointer: event.pointerId, guide, at: boardPoint(event), run };
      }
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current?.pointer === event.pointerId) {
        controller.guides.change(from.current.run(from.current, boardPoint(event)));
      }
    },
    onPointerUp: () => {
      from.current = null;
    },
    onPointerCancel: () => {
      from.current = null;
    },
  });
}

function pressOn(controller: BoardController, guide: Guide, event: KeyboardEvent): boolean {
  const { guides } = controller;
  const far = (event.shiftKey ? 10 : 1) * NUDGE_PX;
  const turn = (event.shiftKey ? 15 : 1) * DEGREE;
  const changes: Readonly<Record<string, Partial<Guide>>> = {
    ArrowLeft: { x: guide.x - far },
    ArrowRight: { x: guide.x + far },
    ArrowUp: { y: guide.y - far },
    ArrowDown: { y: guide.y + far },
    ',': { angle: guide.angle - turn },
    '.': { angle: guide.angle + turn },
    '<': { angle: guide.angle - turn },
    '>': { angle: guide.angle + turn },
    ';': { angle: guide.angle - turn },
    ':': { angle: guide.angle + turn },
    '+': { size: guide.size + UNIT_PX },
    '-': { size: guide.size - UNIT_PX },
  };
  const change = Object.hasOwn(changes, event.key) ? changes[event.key] : undefined;
  if (change) {
    guides.change(change);
  } else if (event.key === 'Enter') {
    guides.drawWhole();
  } else if (event.key === 'Escape' || event.key === 'Delete') {
    guides.remove();
    controller.view.focusQuietly();
  } else {
    return false;
  }
  return true;
}

/** How it lies, for the eye and the ear: angles count counter-clockwise, as in geometry. */
function describe(guide: Guide): string {
  const words = t(GUIDE_WORDS[guide.kind]);
  switch (guide.kind) {
    case 'compass':
      return t('{instrument}, radius {radius}', { instrument: words, radius: unitsOf(guide.size) });
    case 'protractor':
      return `${words}, ${degreesOf(guide.arm)}°`;
    default:
      return `${words}, ${degreesOf(-guide.angle)}°`;
  }
}

function GuideBar({ controller, guide }: { controller: BoardController; guide: Guide }) {
  const { guides } = controller;
  const drawn = guides.drawn.value;
  const isCompass = guide.kind === 'compass';
  const angle = guide.kind === 'protractor' ? degreesOf(guide.arm) : degreesOf(-guide.angle);
  const setAngle = (degrees: number): void => {
    if (Number.isFinite(degrees)) {
      guides.change(
        guide.kind === 'protractor'
          ? { arm: radiansOf(Math.min(180, Math.max(0, degrees))) }
          : { angle: -radiansOf(degrees) },
      );
    }
  };
  return (
    <div class="guide-bar" role="toolbar" aria-label={t(GUIDE_WORDS[guide.kind])} data-testid="guide-bar">
      <label class="guide-bar__field">
        <span>{isCompass ? t('Radius') : t('Angle')}</span>
        <input
          class="input"
          type="number"
          inputMode="decimal"
          min="0"
          max={isCompass ? 100 : 359}
          step={isCompass ? 0.1 : 1}
          value={isCompass ? unitsOf(guide.size) : angle}
          aria-label={isCompass ? t('Radius') : t('Angle')}
          data-testid="guide-value"
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            if (isCompass && value > 0) {
              guides.change({ size: value * UNIT_PX });
            } else if (!isCompass) {
              setAngle(value);
            }
          }}
        />
      </label>
      {drawn !== null && (
        <output class="guide-bar__length" data-testid="guide-length">
          {unitsOf(drawn)}
        </output>
      )}
      {!isCompass && (
        <>
          <IconButton
            label={t('Turn left by 15°')}
            tip="top"
            onPress={() => guides.change({ angle: guide.angle - 15 * DEGREE })}
          >
            <RotateCcw class="icon" aria-hidden="true" />
          </IconButton>
          <IconButton
            label={t('Turn right by 15°')}
            tip="top"
            onPress={() => guides.change({ angle: guide.angle + 15 * DEGREE })}
          >
            <RotateCw class="icon" aria-hidden="true" />
          </IconButton>
        </>
      )}
      <IconButton label={t('Smaller')} tip="top" onPress={() => guides.change({ size: guide.size - UNIT_PX })}>
        <Minus class="icon" aria-hidden="true" />
      </IconButton>
      <IconButton label={t('Larger')} tip="top" onPress={() => guides.change({ size: guide.size + UNIT_PX })}>
        <Plus class="icon" aria-hidden="true" />
      </IconButton>
      <IconButton
        label={isCompass ? t('Draw the circle') : t('Draw the whole line')}
        tip="top"
        testId="guide-draw"
        onPress={() => guides.drawWhole()}
      >
        <Spline class="icon" aria-hidden="true" />
      </IconButton>
      <IconButton label={t('Put it away')} tip="top" testId="guide-close" onPress={() => guides.remove()}>
        <X class="icon" aria-hidden="true" />
      </IconButton>
    </div>
  );
}
