/** Stand-ins for canvas classes that Node has not, for tests of what is painted where. */

import { vi } from 'vitest';

export class FakeContext {
  transform: readonly number[] = [1, 0, 0, 1, 0, 0];
  /** What was drawn from, and where. */
  readonly images: { readonly source: unknown; readonly x: number; readonly y: number }[] = [];

  setTransform(...numbers: number[]): void {
    this.transform = numbers;
  }

  /** With or without a part of the source before the place. */
  drawImage(source: unknown, ...numbers: number[]): void {
    const [x, y] = numbers.slice(numbers.length > 4 ? 4 : 0);
    this.images.push({ source, x: x ?? 0, y: y ?? 0 });
  }

  clearRect(): void {}
  save(): void {}
  restore(): void {}
  beginPath(): void {}
  rect(): void {}
  clip(): void {}
}

export class FakeCanvas {
  readonly context = new FakeContext();

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  getContext(): FakeContext {
    return this.context;
  }
}

class FakePath {
  moveTo(): void {}
  quadraticCurveTo(): void {}
  closePath(): void {}
  rect(): void {}
}

export function stubCanvas(): void {
  vi.stubGlobal('OffscreenCanvas', FakeCanvas);
  vi.stubGlobal('Path2D', FakePath);
}
