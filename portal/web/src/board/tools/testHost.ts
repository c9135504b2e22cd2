/** A tool's surroundings for tests: a real board, a view without pixels. */

import { Doc } from 'yjs';
import { Board } from '../../core/board';
import { MAIN_PAGE, type SessionId, type ShapeId } from '../../core/ids';
import type { InkPoint } from '../../core/ink';
import type { Camera, Point } from '../camera';
import { PageScene } from '../pageScene';
import { roughMeasure } from '../scene';
import { stubCanvas } from '../testCanvas';
import type { ThingForm } from './shape';
import type { TextTarget, ThingLook, ToolHost, ToolName, ToolPoint, ToolStyle } from './tool';

export const ALICE = '00000000000000a1' as SessionId;

export class TestHost implements ToolHost {
  readonly board = new Board(new Doc());
  readonly page = MAIN_PAGE;
  readonly scene = new PageScene(roughMeasure);
  selection: ReadonlySet<ShapeId> = new Set();
  faded: ReadonlySet<ShapeId> = new Set();
  lifted: ReadonlySet<ShapeId> = new Set();
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  readonly opened: TextTarget[] = [];
  /** Strokes as the others see them: numbers with their points. */
  readonly told: { stroke: number; points: InkPoint[] }[] = [];
  isDrawing = false;

  constructor() {
    stubCanvas();
    this.board.setAuthor(ALICE);
    this.scene.open(this.board, this.page);
    this.board.onChange((change) => this.scene.update(change.shapes));
  }

  readonly live = {
    begin: ({ stroke }: { stroke: number }): void => {
      this.isDrawing = true;
      this.told.push({ stroke, points: [] });
    },
    extend: (points: readonly InkPoint[]): void => {
      this.told.at(-1)?.points.push(...points);
    },
    end: (): void => {
      this.isDrawing = false;
    },
  };

  get view(): ToolHost['view'] {
    const { scene } = this;
    return {
      camera: this.camera,
      visible: { minX: 0, minY: 0, maxX: 1600, maxY: 900 },
      scene,
      setCamera: (camera) => {
        this.camera = camera;
      },
      setFaded: (ids) => {
        this.faded = ids;
      },
      setLifted: (ids) => {
        this.lifted = ids;
      },
      refreshLive: () => undefined,
    };
  }

  readonly isWritable = { value: true };
  readonly theme = 'light';
  readonly pictures = (): null => null;
  form: ThingForm = 'rectangle';
  look: ThingLook = { fill: 'none', dash: 'solid', head: 'end', opacity: 1 };
  chosen: ToolName = 'select';
  /** Where a laser points. */
  readonly pointed: (Point | null)[] = [];

  readonly said: string[] = [];

  say(words: string): void {
    this.said.push(words);
  }

  choose(tool: ToolName): void {
    this.chosen = tool;
  }

  made(id: ShapeId): void {
    this.selection = new Set([id]);
  }

  point(at: Point | null): void {
    this.pointed.push(at);
  }

  now(): number {
    return 1_000;
  }

  style(): ToolStyle {
    return { colour: 'blue', size: 4 };
  }

  readonly guides = { along: (): ((to: Point) => Point) | null => null, drawn: { value: null as number | null } };

  readonly snaps = { value: true };

  openThing(): boolean {
    return false;
  }

  openText(target: TextTarget): void {
    this.opened.push(target);
  }

  draw(x: number, y: number, length = 100): ShapeId {
    const points = Array.from({ length: 11 }, (_, i) => ({ x: x + (i * length) / 10, y, pressure: null, t: null }));
    const [id] = this.board.addStroke({ page: this.page, points, kind: 'draw', colour: 'red', size: 4, nowMs: 0 });
    if (!id) {
      throw new Error('no stroke');
    }
    return id;
  }

  ids(): string[] {
    return this.board.shapes(this.page).map(({ id }) => id);
  }
}

export function at(x: number, y: number, more: Partial<ToolPoint> = {}): ToolPoint {
  return { x, y, pressure: null, timeMs: 0, screen: { x, y }, isShift: false, ...more };
}
