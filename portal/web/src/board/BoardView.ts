/**
 * A page of a board on the screen: paper, ink and what moves above it. Used by the classroom (with tools) and by the player
 * (without). Owns its canvases inside a host element, follows the host's size, and paints in animation frames only.
 */

import { type ReadonlySignal, signal } from '@preact/signals';
import type { PageId, ShapeId } from '../core/ids';
import { paintBackground } from './backgrounds';
import {
  type Box,
  type Camera,
  type Frame,
  fitBox,
  frameOf,
  HOME_BOX,
  resizeAround,
  unionBox,
  type Viewport,
  visibleBox,
} from './camera';
import { ensureOffscreenCanvas } from './canvasShim';
import { onLetters, whenFontReady } from './fonts';
import { stopIdle, whenIdle } from './idle';
import { type LiveContent, LiveLayer } from './liveLayer';
import { measureText } from './measure';
import { PageScene, type SceneChange } from './pageScene';
import { paperOf } from './paper';
import { paperColour, type Theme } from './scene';
import type { Background, BoardSource, BoardSourceChange } from './source';
import { TileLayer } from './tiles';

ensureOffscreenCanvas();

export interface BoardViewOptions {
  readonly theme: Theme;
  /** Name for assistive technology. */
  readonly label: string;
  /** Margin in CSS px around the sheet when it is fitted. */
  readonly marginPx?: number;
}

/** How long the zoom must rest before tiles are painted for it. */
const SETTLE_MS = 30;
/** Painting in one frame, so that a pen that draws meanwhile keeps 60 Hz. */
const FRAME_BUDGET_MS = 4;
/** The same while nothing is shown yet: nobody draws on a page that cannot be seen. */
const FIRST_BUDGET_MS = 200;
/** And while nothing moves: no hand waits, and what is shown is to be sharp soon. */
const RESTING_BUDGET_MS = 24;
const RESTING_AFTER_MS = 50;
/** A slice of painting may take this much longer than it was given. */
const IDLE_MARGIN_MS = 2;
const NOTHING: LiveContent = { strokes: [], sketches: [] };

export class BoardView {
  /** The ink canvas: paper and everything settled. It takes pointer events and keyboard focus. */
  readonly canvas: HTMLCanvasElement;
  readonly scene = new PageScene(measureText);
  /** What is drawn above the ink; asked for once a frame after `refreshLive`. */
  live: () => LiveContent = () => NOTHING;

  private readonly thePaper = signal<Theme>('light');
  private theme: Theme;
  private readonly liveCanvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly liveLayer: LiveLayer;
  private readonly tiles = new TileLayer(this.scene, () => performance.now());
  private readonly stopLetters: () => void;
  private readonly observer: ResizeObserver;
  private readonly cameraListeners = new Set<(camera: Camera) => void>();
  private viewport: Viewport = { width: 0, height: 0, ratio: 1 };
  private theCamera: Camera = { x: 0, y: 0, zoom: 1 };
  /** The camera follows the window until somebody moves it. */
  private isFitted = true;
  private source: BoardSource | null = null;
  private page: PageId | null = null;
  private background: Background = 'plain';
  private stopSource: (() => void) | null = null;
  private frameRequest = 0;
  private aheadRequest = 0;
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  /** When something moved last: the view, or what is drawn above the ink. */
  private movedMs = 0;
  private needsInk = true;
  private needsLive = true;
  private needsWork = true;
  private isDestroyed = false;
  /** The page turned to has not been shown whole yet. */
  private isOpening = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: BoardViewOptions,
  ) {
    this.canvas = host.ownerDocument.createElement('canvas');
    this.canvas.className = 'board__ink';
    this.canvas.dataset.testid = 'board';
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', options.label);
    this.liveCanvas = host.ownerDocument.createElement('canvas');
    this.liveCanvas.className = 'board__live';
    this.liveCanvas.setAttribute('aria-hidden', 'true');
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context) {
      throw new Error('this browser has no 2D canvas');
    }
    this.context = context;
    this.liveLayer = new LiveLayer(this.liveCanvas);
    this.theme = options.theme;
    this.readPaper();
    this.canvas.addEventListener('blur', () => delete this.canvas.dataset.quiet);
    host.append(this.canvas, this.liveCanvas);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    this.resize();
    void whenFontReady().then(() => this.reopen());
    this.stopLetters = onLetters(() => this.reopen());
  }

  /** Takes the keyboard focus without the ring that shows where Tab has come to. */
  focusQuietly(): void {
    this.canvas.dataset.quiet = '';
    this.canvas.focus({ preventScroll: true });
  }

  destroy(): void {
    this.isDestroyed = true;
    this.stopSource?.();
    this.stopLetters();
    this.observer.disconnect();
    cancelAnimationFrame(this.frameRequest);
    stopIdle(this.aheadRequest);
    clearTimeout(this.settleTimer);
    this.canvas.remove();
    this.liveCanvas.remove();
  }

  /** Shows a page of a board. The same page of another board (a seek in a recording) keeps the old picture up until the new one is painted. */
  show(source: BoardSource, page: PageId): void {
    const isSamePage = page === this.page;
    if (source !== this.source) {
      this.stopSource?.();
      this.source = source;
      this.stopSource = source.onChange((change) => this.onBoardChange(change));
    }
    this.page = page;
    this.background = this.readBackground();
    this.readPaper();
    this.scene.open(source, page);
    this.tiles.reset(isSamePage);
    this.isOpening ||= !isSamePage;
    this.repaint();
  }

  get camera(): Camera {
    return this.theCamera;
  }

  get view(): Viewport {
    return this.viewport;
  }

  get shownPage(): PageId | null {
    return this.page;
  }

  get frame(): Frame {
    return frameOf(this.theCamera, this.viewport);
  }

  /** Moves the view. The tiles of another zoom are painted when the zoom rests. */
  setCamera(camera: Camera): void {
    this.isFitted = false;
    this.placeCamera(camera);
  }

  /** Shows the whole home sheet, or a box of the caller's (board px). */
  fit(box: Box = HOME_BOX): void {
    this.placeCamera(fitBox(box, this.viewport, this.options.marginPx ?? 0));
    this.isFitted = box === HOME_BOX;
  }

  /** The whole home sheet is shown, and follows the window. */
  get isWhole(): boolean {
    return this.isFitted;
  }

  /** Shows everything drawn, and at least the home sheet. */
  fitAll(): void {
    this.fit(unionBox(this.scene.bounds(), HOME_BOX) ?? HOME_BOX);
  }

  /** Called after each move of the camera; returns the way to stop. */
  onCamera(listener: (camera: Camera) => void): () => void {
    this.cameraListeners.add(listener);
    return () => this.cameraListeners.delete(listener);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    if (this.readPaper()) {
      this.tiles.reset(false);
      this.repaint();
    }
  }

  /** The paper of the page that is shown: what is light or dark about it. */
  get paper(): ReadonlySignal<Theme> {
    return this.thePaper;
  }

  /** Returns whether it is another one now. */
  private readPaper(): boolean {
    const before = this.scene.theme;
    const { source, page, theme } = this;
    this.scene.theme = source && page ? paperOf(source, page, theme) : theme;
    this.thePaper.value = this.scene.theme;
    return this.scene.theme !== before;
  }

  /** Something that shapes refer to has come: everything is painted anew over what is shown. */
  repaintAll(): void {
    this.tiles.reset(true);
    this.repaint();
    this.refreshLive();
  }

  /** Shapes about to be erased, shown faintly. */
  setFaded(ids: ReadonlySet<ShapeId>): void {
    this.repaintBoxes(this.scene.setFaded(ids));
  }

  /** Shapes that `live` draws for now instead of the tiles. */
  setLifted(ids: ReadonlySet<ShapeId>): void {
    this.repaintBoxes(this.scene.setLifted(ids));
  }

  /** Asks for `live` to be drawn in the next frame. */
  refreshLive(): void {
    this.movedMs = performance.now();
    this.needsLive = true;
    this.requestFrame();
  }

  /** True when the picture is sharp and that of the board now. */
  get isSettled(): boolean {
    return !this.needsInk && !this.needsWork && this.tiles.scale === this.frame.scale;
  }

  /** The part of the board on the screen. */
  get visible(): Box {
    return visibleBox(this.theCamera, this.viewport);
  }

  private placeCamera(camera: Camera): void {
    const isSameZoom = camera.zoom === this.theCamera.zoom;
    this.theCamera = camera;
    if (isSameZoom) {
      this.needsWork = true;
    } else {
      clearTimeout(this.settleTimer);
      this.settleTimer = setTimeout(() => this.settle(), SETTLE_MS);
      if (this.tiles.scale === 0 || this.isOpening) {
        this.settle();
      }
    }
    this.needsInk = true;
    this.refreshLive();
    for (const listener of this.cameraListeners) {
      listener(camera);
    }
  }

  private settle(): void {
    this.tiles.settle(this.frame.scale);
    this.repaint();
  }

  private resize(): void {
    const before = this.viewport;
    const { width, height } = this.host.getBoundingClientRect();
    const ratio = this.host.ownerDocument.defaultView?.devicePixelRatio ?? 1;
    if (width < 1 || height < 1 || (width === before.width && height === before.height && ratio === before.ratio)) {
      return;
    }
    this.viewport = { width, height, ratio };
    const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.canvas.width = deviceWidth;
    this.canvas.height = deviceHeight;
    this.liveLayer.resize(deviceWidth, deviceHeight);
    if (this.isFitted) {
      this.fit();
    } else {
      this.placeCamera(resizeAround(this.theCamera, before, this.viewport));
    }
    this.settle();
    // A canvas that changed its size is blank until it is painted: do it before the browser shows it.
    this.paint(FRAME_BUDGET_MS);
  }

  /** The font arrived: boxes of text are measured anew. */
  private reopen(): void {
    if (!this.isDestroyed) {
      this.take(this.scene.remeasure());
    }
  }

  private readBackground(): Background {
    return this.source?.pages().find((page) => page.id === this.page)?.background ?? 'plain';
  }

  private onBoardChange(change: BoardSourceChange): void {
    if (change.pages) {
      this.background = this.readBackground();
      this.needsInk = true;
    }
    this.take(this.scene.update(change.shapes));
    if (this.theme === 'dark' && [...change.shapes].some((id) => this.source?.shape(id)?.type === 'image')) {
      this.setTheme(this.theme);
    }
  }

  private take(changes: readonly SceneChange[]): void {
    for (const { kind, ...what } of changes) {
      if (kind === 'append' && 'id' in what) {
        this.tiles.append(what.id, what.box);
      } else {
        this.tiles.invalidate(what.box);
      }
    }
    this.repaint();
    this.refreshLive();
  }

  private repaintBoxes(boxes: readonly Box[]): void {
    if (boxes.length > 0) {
      for (const box of boxes) {
        this.tiles.invalidate(box);
      }
      this.repaint();
    }
  }

  private budgetMs(): number {
    if (this.isOpening) {
      return FIRST_BUDGET_MS;
    }
    return performance.now() - this.movedMs > RESTING_AFTER_MS ? RESTING_BUDGET_MS : FRAME_BUDGET_MS;
  }

  private repaint(): void {
    this.needsInk = true;
    this.needsWork = true;
    this.requestFrame();
  }

  private requestFrame(): void {
    if (!this.frameRequest && !this.isDestroyed) {
      this.frameRequest = requestAnimationFrame(() => {
        this.frameRequest = 0;
        this.paint(this.budgetMs());
      });
    }
  }

  private paint(budgetMs: number): void {
    if (this.viewport.width === 0) {
      return;
    }
    const frame = this.frame;
    const { width, height } = this.canvas;
    if (this.needsWork) {
      this.needsInk = true;
      this.needsWork = !this.tiles.work(frame, width, height, budgetMs);
      this.isOpening &&= this.needsWork;
    }
    if (this.needsInk) {
      this.needsInk = false;
      this.paintInk(frame, width, height);
    }
    if (this.needsLive) {
      this.needsLive = false;
      this.liveLayer.draw(this.live(), frame, this.viewport, this.scene.theme);
    }
    if (this.needsWork || this.needsInk) {
      this.requestFrame();
    } else {
      this.requestAhead();
    }
  }

  /** Painting ahead is done between frames: within one it would make the hand wait for what nobody sees yet. */
  private requestAhead(): void {
    if (!this.aheadRequest && !this.isDestroyed) {
      this.aheadRequest = whenIdle((leftMs) => {
        this.aheadRequest = 0;
        const { width, height } = this.canvas;
        const budgetMs = Math.min(this.budgetMs(), leftMs - IDLE_MARGIN_MS);
        if (!this.needsWork && !this.tiles.workAhead(this.frame, width, height, budgetMs)) {
          this.requestAhead();
        }
      });
    }
  }

  private paintInk(frame: Frame, width: number, height: number): void {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = paperColour(this.scene.theme);
    context.fillRect(0, 0, width, height);
    paintBackground(context, this.background, frame, width, height, this.scene.theme);
    this.tiles.compose(context, frame, width, height);
  }
}
