import { beforeEach, expect, test } from 'vitest';
import type { PageId } from '../core/ids';
import { type Box, type Camera, fitBox, HOME_BOX, visibleBox } from './camera';
import { Cameras, type CameraView } from './cameras';

const WINDOW = { width: 800, height: 450, ratio: 1 };
const [ONE, TWO] = ['one' as PageId, 'two' as PageId];

class View implements CameraView {
  camera: Camera = fitBox(HOME_BOX, WINDOW);
  isWhole = true;
  get visible(): Box {
    return visibleBox(this.camera, WINDOW);
  }
  setCamera(camera: Camera): void {
    this.camera = camera;
    this.isWhole = false;
  }
  fit(box: Box = HOME_BOX): void {
    this.camera = fitBox(box, WINDOW);
    this.isWhole = box === HOME_BOX;
  }
}

let view: View;
let cameras: Cameras;
const NEAR = { x: 100, y: 50, zoom: 2 };
const SPOT = { minX: 1000, minY: 500, maxX: 1200, maxY: 600 };

beforeEach(() => {
  view = new View();
  cameras = new Cameras(view);
});

test('a page that is turned to for the first time is seen whole, and one that was left is as it was', () => {
  view.setCamera(NEAR);
  cameras.turned(ONE, TWO);
  expect(view.isWhole).toBe(true);
  cameras.turned(TWO, ONE);
  expect(view.camera).toEqual(NEAR);
  cameras.turned(ONE, TWO);
  expect(view.isWhole).toBe(true);
});

test('after somebody has pointed elsewhere the view goes back, unless the page was moved meanwhile', () => {
  view.setCamera(NEAR);
  cameras.lookAt(SPOT);
  cameras.lookAt({ ...SPOT, maxX: 1300 });
  expect(view.camera.zoom).toBeGreaterThan(2);
  cameras.lookAt(null);
  expect(view.camera).toEqual(NEAR);
  cameras.lookAt(SPOT);
  const moved = { ...view.camera, x: view.camera.x + 5 };
  view.setCamera(moved);
  cameras.lookAt(null);
  expect(view.camera).toEqual(moved);
});

test('a page that is left while it was pointed to is kept as it was before', () => {
  cameras.lookAt(SPOT);
  cameras.turned(ONE, TWO);
  cameras.turned(TWO, ONE);
  expect(view.isWhole).toBe(true);
});

test('what lies beyond the window is brought in by the shortest way; what is too large is fitted', () => {
  view.setCamera({ x: 0, y: 0, zoom: 1 });
  cameras.reveal({ minX: 100, minY: 100, maxX: 200, maxY: 200 });
  expect(view.camera).toEqual({ x: 0, y: 0, zoom: 1 });
  cameras.reveal({ minX: 900, minY: 100, maxX: 1000, maxY: 200 });
  expect(view.camera).toEqual({ x: 224, y: 0, zoom: 1 });
  cameras.reveal({ minX: 0, minY: 1000, maxX: 1600, maxY: 1100 });
  expect(view.camera.zoom).toBeLessThan(0.5);
});
