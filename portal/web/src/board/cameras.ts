/** Where each page was looked at: whoever comes back to one finds it as it was left, and after a detour too. */

import type { PageId } from '../core/ids';
import { type Box, type Camera, growBox } from './camera';

export interface CameraView {
  readonly camera: Camera;
  /** The whole sheet is shown, and follows the window. */
  readonly isWhole: boolean;
  readonly visible: Box;
  setCamera(camera: Camera): void;
  fit(box?: Box): void;
}

/** Null: the whole sheet. */
type Kept = Camera | null;

/** Between what is brought into view and the edge, CSS px. */
const MARGIN_PX = 24;

export class Cameras {
  private readonly kept = new Map<PageId, Kept>();
  /** What was seen before somebody pointed elsewhere, and what was shown then. */
  private detour: { readonly before: Kept; readonly shown: Camera } | null = null;

  constructor(private readonly view: CameraView) {}

  /** After `page` was left and another one is shown. */
  turned(from: PageId, to: PageId): void {
    this.kept.set(from, this.detour?.shown === this.view.camera ? this.detour.before : this.now());
    this.detour = null;
    this.show(this.kept.get(to) ?? null);
  }

  /** Shows what somebody points to; null: what was seen before, unless the page was moved since. */
  lookAt(box: Box | null): void {
    const { view, detour } = this;
    const isThere = detour !== null && detour.shown === view.camera;
    if (box) {
      const before = isThere ? detour.before : this.now();
      view.fit(box);
      this.detour = { before, shown: view.camera };
    } else {
      this.detour = null;
      if (isThere) {
        this.show(detour.before);
      }
    }
  }

  /** Moves the page as little as shows the whole of a box; one that is larger than the window is fitted into it. */
  reveal(box: Box): void {
    const { view } = this;
    const { camera, visible } = view;
    const room = growBox(visible, -MARGIN_PX / camera.zoom);
    if (box.maxX - box.minX > room.maxX - room.minX || box.maxY - box.minY > room.maxY - room.minY) {
      view.fit(growBox(box, MARGIN_PX));
      return;
    }
    const dx = Math.min(0, box.minX - room.minX) + Math.max(0, box.maxX - room.maxX);
    const dy = Math.min(0, box.minY - room.minY) + Math.max(0, box.maxY - room.maxY);
    if (dx !== 0 || dy !== 0) {
      view.setCamera({ ...camera, x: camera.x + dx, y: camera.y + dy });
    }
  }

  private now(): Kept {
    return this.view.isWhole ? null : this.view.camera;
  }

  private show(kept: Kept): void {
    if (kept) {
      this.view.setCamera(kept);
    } else {
      this.view.fit();
    }
  }
}
