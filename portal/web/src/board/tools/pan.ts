/** Hand: drags the page under the view. */

import { type Camera, type Point, panBy } from '../camera';
import type { Tool, ToolHost, ToolPoint } from './tool';

export class PanTool implements Tool {
  readonly cursor = 'grab';
  private from: { readonly screen: Point; readonly camera: Camera } | null = null;

  constructor(private readonly host: Pick<ToolHost, 'view'>) {}

  down(point: ToolPoint): void {
    this.from = { screen: point.screen, camera: this.host.view.camera };
  }

  move(points: readonly ToolPoint[]): void {
    const point = points.at(-1);
    if (this.from && point) {
      const { screen, camera } = this.from;
      this.host.view.setCamera(panBy(camera, point.screen.x - screen.x, point.screen.y - screen.y));
    }
  }

  up(): void {
    this.from = null;
  }

  cancel(): void {
    this.from = null;
  }
}
