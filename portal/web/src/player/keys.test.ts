import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { handlePlayerKey } from './keys';
import type { Playback } from './playback';

/** As much of a page as keys look at. */
class FakeElement {
  tagName = 'DIV';
  type = '';
  isContentEditable = false;
  closest(): FakeElement | null {
    return null;
  }
}
class FakeInput extends FakeElement {
  override tagName = 'INPUT';
}

beforeAll(() => {
  vi.stubGlobal('HTMLElement', FakeElement);
  vi.stubGlobal('HTMLInputElement', FakeInput);
});
afterAll(() => vi.unstubAllGlobals());

/** A lesson of 100 s, at 30 s. */
function player() {
  const did: string[] = [];
  const at = <T>(value: T) => ({ peek: () => value });
  const playback = {
    position_ms: 30_000,
    duration_ms: 100_000,
    speed: at(1),
    volume: at(1),
    muted: at(false),
    skipping: at(false),
    toggle: () => did.push('toggle'),
    pause: () => did.push('pause'),
    seek: (ms: number) => did.push(`seek ${ms}`),
    setSpeed: (speed: number) => did.push(`speed ${speed}`),
    setVolume: (_volume: number, muted: boolean) => did.push(`muted ${muted}`),
    setSkipping: (isOn: boolean) => did.push(`skip ${isOn}`),
    board: { fit: () => did.push('fit') },
  } as unknown as Playback;
  return { playback, did };
}

function press(key: string, target: FakeElement = new FakeElement(), held: Partial<KeyboardEvent> = {}): string[] {
  const { playback, did } = player();
  const event = { key, target, ctrlKey: false, metaKey: false, altKey: false, preventDefault: () => undefined };
  handlePlayerKey(playback, { ...event, ...held } as unknown as KeyboardEvent);
  return did;
}

describe('the keyboard', () => {
  it.each([
    [' ', ['toggle']],
    ['k', ['toggle']],
    ['ArrowLeft', ['seek 25000']],
    ['ArrowRight', ['seek 35000']],
    ['j', ['seek 20000']],
    ['L', ['seek 40000']],
    [',', ['pause', 'seek 29960']],
    ['.', ['pause', 'seek 30040']],
    ['<', ['speed 0.75']],
    ['>', ['speed 1.25']],
    ['0', ['seek 0']],
    ['7', ['seek 70000']],
    ['Home', ['seek 0']],
    ['End', ['seek 100000']],
    ['m', ['muted true']],
    ['s', ['skip true']],
    ['f', ['fit']],
    ['x', []],
  ])('%s', (key, did) => {
    expect(press(key)).toEqual(did);
  });

  it('leaves keys to whoever types, to the browser, and space to a button', () => {
    expect(press('k', new FakeInput())).toEqual([]);
    expect(press('k', new FakeElement(), { ctrlKey: true })).toEqual([]);
    const button = new FakeElement();
    button.closest = () => button;
    expect(press(' ', button)).toEqual([]);
    expect(press('k', button)).toEqual(['toggle']);
  });

  it('leaves arrows to a slider and takes its other keys', () => {
    const slider = new FakeInput();
    slider.type = 'range';
    expect(press('ArrowLeft', slider)).toEqual([]);
    expect(press('k', slider)).toEqual(['toggle']);
  });
});
