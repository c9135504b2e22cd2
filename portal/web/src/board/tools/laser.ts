/** Laser: a trail that everybody sees while it is drawn, and that fades. Nothing of it is kept. */

import type { Sketch } from '../liveLayer';
import { Trail, trailSketch } from '../trail';
import type { Tool, ToolHost, ToolPoint } from './tool';

export class LaserTool implements Tool {
  readonly cursor = 'crosshair';
  private readonly trail = new Trail();
  private isDown = false;

  constructor(private readonly host: ToolHost) {}

  down(point: ToolPoint): void {
    this.isDown = true;
    this.move([point]);
  }

  move(points: readonly ToolPoint[]): void {
    if (!this.isDown) {
      return;
    }
    for (const point of points) {
      this.trail.add(point, performance.now());
    }
    this.host.point(points.at(-1) ?? null);
    this.host.view.refreshLive();
  }

  up(): void {
    this.isDown = false;
    this.trail.lift();
    this.host.point(null);
    this.host.view.refreshLive();
  }

  cancel(): void {
    this.up();
  }

  leave(): void {
    this.up();
  }

  sketches(): readonly Sketch[] {
    const sketch = trailSketch(this.trail, performance.now(), LASER, this.host.view.camera.zoom);
    if (sketch) {
      this.host.view.refreshLive();
    }
    return sketch ? [sketch] : [];
  }
}

const LASER = '#e5342b';
