import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PointerInput } from './input';
import type { Tool, ToolPoint } from './tools/tool';

/** What a canvas is to the input. */
class Surface extends EventTarget {
  setPointerCapture(): void {}
  getBoundingClientRect(): { left: number; top: number } {
    return { left: 0, top: 0 };
  }
}

let surface: Surface;
let told: string[];
const penOnly = { value: false };
let id = 0;

function recorder(name: string): Tool {
  const tell = (what: string): void => {
    told.push(`${name} ${what}`);
  };
  return {
    cursor: '',
    down: () => tell('down'),
    move: (points: readonly ToolPoint[]) => tell(`move ${points.length}`),
    predict: (points) => tell(`predict ${points.length}`),
    up: () => tell('up'),
    cancel: () => tell('cancel'),
  };
}

beforeEach(() => {
  vi.stubGlobal('addEventListener', () => {});
  surface = new Surface();
  told = [];
  penOnly.value = false;
  const [pen, pan] = [recorder('pen'), recorder('pan')];
  const input = new PointerInput(surface as unknown as HTMLElement, {
    camera: { x: 0, y: 0, zoom: 1 },
    setCamera: () => told.push('camera'),
    toolInHand: () => pen,
    attempt: (run) => run(),
    pan,
    penOnly,
    onPen: () => {
      penOnly.value = true;
    },
    onPointer: () => {},
    onPress: () => {},
  });
  expect(input.isPressed).toBe(false);
});

afterEach(() => vi.unstubAllGlobals());

function send(kind: string, pointerType: string, pointerId: number, more: object = {}): void {
  const event = new Event(`pointer${kind}`, { cancelable: true });
  const fields = { pointerType, pointerId, button: 0, clientX: 5, clientY: 5, pressure: 0.5, shiftKey: false };
  surface.dispatchEvent(Object.assign(event, fields, more));
}

test('a palm beside a pen that is down does nothing, and neither zooms', () => {
  const [pen, palm] = [++id, ++id];
  send('down', 'pen', pen);
  send('down', 'touch', palm);
  send('move', 'touch', palm);
  send('move', 'pen', pen);
  send('up', 'touch', palm);
  send('up', 'pen', pen);
  expect(told).toEqual(['pen down', 'pen move 1', 'pen predict 0', 'pen up']);
});

test('a palm that came first is taken back when the pen comes', () => {
  const [pen, palm] = [++id, ++id];
  send('down', 'touch', palm);
  send('down', 'pen', pen);
  send('move', 'touch', palm);
  send('up', 'pen', pen);
  expect(told).toEqual(['pen down', 'pen cancel', 'pen down', 'pen up']);
});

test('once a pen was seen, or by choice, a finger moves the page', () => {
  const [pen, finger] = [++id, ++id];
  send('down', 'pen', pen);
  send('up', 'pen', pen);
  told = [];
  send('down', 'touch', finger);
  send('up', 'touch', finger);
  expect(told).toEqual(['pan down', 'pan up']);
});

test('all samples between two frames are drawn, and those to come are only shown; a mouse needs none', () => {
  const finger = ++id;
  send('down', 'touch', finger);
  const sample = { clientX: 6, clientY: 6, pressure: 0, timeStamp: 1, pointerType: 'touch', shiftKey: false };
  send('move', 'touch', finger, {
    getCoalescedEvents: () => [sample, sample, sample],
    getPredictedEvents: () => [sample, sample],
  });
  send('up', 'touch', finger);
  expect(told).toEqual(['pen down', 'pen move 3', 'pen predict 2', 'pen up']);
  const mouse = ++id;
  told = [];
  send('down', 'mouse', mouse);
  send('move', 'mouse', mouse, { getPredictedEvents: () => [sample] });
  send('up', 'mouse', mouse);
  expect(told).toEqual(['pen down', 'pen move 1', 'pen up']);
});
