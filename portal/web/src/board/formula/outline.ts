/** From MathJax's SVG to what the board stores: glyphs and where they stand, nothing else (core/formula). Pure. */
import { t } from '../../ui/i18n';

/** An element or a piece of text, as MathJax's own document has them. */
export interface SvgNode {
  readonly kind: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly children?: readonly unknown[];
  readonly value?: string;
}

export interface Outline {
  /** What follows the LaTeX in a stored formula. */
  readonly glyphs: string;
  /** Thousandths of the font size. */
  readonly width: number;
  readonly height: number;
}

/** Why a formula cannot be drawn, for the one who wrote it. */
export class OutlineError extends Error {}

/** y upwards: x' = sx · x + tx. */
interface Placement {
  readonly sx: number;
  readonly sy: number;
  readonly tx: number;
  readonly ty: number;
}

const HERE: Placement = { sx: 1, sy: 1, tx: 0, ty: 0 };
const STEP = /([MLHVCQTZ])([^MLHVCQTZ]*)/gu;
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)/gu;
const TRANSFORM = /(\w+)\(([^)]*)\)/gu;

export function outlineOf(svg: SvgNode): Outline {
  const [minX, minY, width, height] = numbersOf(text(svg, 'viewBox'));
  if (!width || !height || minX === undefined || minY === undefined) {
    throw new OutlineError(t('There is nothing to be seen in this formula.'));
  }
  const collector = new Collector(minX, minY);
  collector.walk(svg, HERE);
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return { glyphs: `${w} ${h}\n${collector.lines()}`, width: w, height: h };
}

class Collector {
  private readonly known = new Map<string, string>();
  private readonly places = new Map<string, string[]>();

  constructor(
    private readonly minX: number,
    private readonly minY: number,
  ) {}

  lines(): string {
    if (this.places.size === 0) {
      throw new OutlineError(t('There is nothing to be seen in this formula.'));
    }
    return [...this.places].map(([path, places]) => `${path}@${places.join(' ')}`).join('\n');
  }

  walk(node: SvgNode, at: Placement): void {
    switch (node.kind) {
      case 'defs':
        this.learn(node);
        return;
      case 'text':
        throw new OutlineError(t('The letters “{letters}” cannot be part of a formula.', { letters: lettersIn(node) }));
      case 'use':
        this.put(this.known.get(text(node, 'xlink:href').slice(1)) ?? '', moved(at, text(node, 'transform')));
        return;
      case 'path':
        this.put(text(node, 'd'), moved(at, text(node, 'transform')));
        return;
      case 'rect':
        this.rect(node, moved(at, text(node, 'transform')));
        return;
      case 'line':
        this.line(node, moved(at, text(node, 'transform')));
        return;
      case 'svg':
        if (node.attributes && 'x' in node.attributes) {
          this.cut(node, at);
          return;
        }
        break;
      case 'g':
        break;
      default:
        return;
    }
    // The outermost group turns y over: from here on it goes upwards.
    const own = text(node, 'transform');
    const inner = own === 'scale(1,-1)' ? at : moved(at, own);
    for (const child of childrenOf(node)) {
      this.walk(child, inner);
    }
  }

  private learn(defs: SvgNode): void {
    for (const child of childrenOf(defs)) {
      this.known.set(text(child, 'id'), text(child, 'd'));
    }
  }

  private put(path: string, at: Placement): void {
    if (path === '') {
      return;
    }
    if (at.sx === at.sy && at.sx > 0 && at.sx < 10) {
      const plain = pathText(path, HERE);
      this.add(plain, `${short(at.tx - this.minX, 1)},${short(-this.minY - at.ty, 1)},${short(at.sx, 4)}`);
    } else {
      this.baked(pathText(path, at));
    }
  }

  /** An outline with its place in it. */
  private baked(path: string): void {
    this.add(path, `${short(-this.minX, 1)},${short(-this.minY, 1)},1`);
  }

  private add(path: string, place: string): void {
    this.places.set(path, [...(this.places.get(path) ?? []), place]);
  }

  private rect(node: SvgNode, at: Placement): void {
    const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) => number(node, name));
    const box = [x ?? 0, y ?? 0, (x ?? 0) + (w ?? 0), (y ?? 0) + (h ?? 0)] as const;
    const pen = number(node, 'stroke-width');
    if (text(node, 'fill') !== 'none') {
      this.baked(rectText(box, at, false));
    } else if (pen > 0) {
      const half = pen / 2;
      const outer = [box[0] - half, box[1] - half, box[2] + half, box[3] + half] as const;
      const inner = [box[0] + half, box[1] + half, box[2] - half, box[3] - half] as const;
      this.baked(rectText(outer, at, false) + rectText(inner, at, true));
    }
  }

  private line(node: SvgNode, at: Placement): void {
    const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map((name) => number(node, name)) as [
      number,
      number,
      number,
      number,
    ];
    const long = Math.hypot(x2 - x1, y2 - y1);
    if (long === 0) {
      return;
    }
    const half = (number(node, 'stroke-width') || 60) / 2;
    const [nx, ny] = [(-(y2 - y1) / long) * half, ((x2 - x1) / long) * half];
    const corners = [x1 + nx, y1 + ny, x2 + nx, y2 + ny, x2 - nx, y2 - ny, x1 - nx, y1 - ny];
    this.baked(polygonText(corners, at));
  }

  /** The stem of a tall bracket: a piece of a glyph, much too long, of which a window shows a part. It is a bar. */
  private cut(node: SvgNode, at: Placement): void {
    const [left = 0, low = 0, width = 0, height = 0] = numbersOf(text(node, 'viewBox'));
    const shift = { sx: 1, sy: 1, tx: number(node, 'x') - left, ty: number(node, 'y') - low };
    const [use] = childrenOf(node).filter((child) => child.kind === 'use' || child.kind === 'g');
    const inside = use?.kind === 'g' ? childrenOf(use)[0] : use;
    const path = inside ? (this.known.get(text(inside, 'xlink:href').slice(1)) ?? text(inside, 'd')) : '';
    const own = moved(HERE, use ? text(use, 'transform') : '');
    const [minX, minY, maxX, maxY] = extentOf(path, own);
    const window = [
      Math.max(minX, left),
      Math.max(minY, low),
      Math.min(maxX, left + width),
      Math.min(maxY, low + height),
    ] as const;
    if (window[0] < window[2] && window[1] < window[3]) {
      this.baked(rectText(window, combined(at, shift), false));
    }
  }
}

function childrenOf(node: SvgNode): SvgNode[] {
  return (node.children ?? []).filter(
    (child): child is SvgNode => typeof child === 'object' && child !== null && 'kind' in child,
  );
}

const text = (node: SvgNode, name: string): string => String(node.attributes?.[name] ?? '');
const number = (node: SvgNode, name: string): number => Number.parseFloat(text(node, name)) || 0;
const numbersOf = (value: string): number[] => (value.match(NUMBER) ?? []).map(Number);

function lettersIn(node: SvgNode): string {
  return node.value ?? (node.children ?? []).map((child) => lettersIn(child as SvgNode)).join('');
}

function combined(outer: Placement, inner: Placement): Placement {
  return {
    sx: outer.sx * inner.sx,
    sy: outer.sy * inner.sy,
    tx: outer.tx + outer.sx * inner.tx,
    ty: outer.ty + outer.sy * inner.ty,
  };
}

function moved(at: Placement, transform: string): Placement {
  let result = at;
  for (const [, name, inside = ''] of transform.matchAll(TRANSFORM)) {
    const [a = 0, b = name === 'scale' ? a : 0] = numbersOf(inside);
    if (name === 'translate') {
      result = combined(result, { sx: 1, sy: 1, tx: a, ty: b });
    } else if (name === 'scale') {
      result = combined(result, { sx: a, sy: b, tx: 0, ty: 0 });
    } else {
      throw new OutlineError(t('This formula has a part that the board cannot draw.'));
    }
  }
  return result;
}

/** At most so many decimals, as the grammar takes them. */
function short(value: number, places: number): string {
  const rounded = Math.round(value * 10 ** places) / 10 ** places;
  return String(rounded === 0 ? 0 : rounded);
}

const joined = (numbers: readonly number[]): string =>
  numbers
    .map((each) => short(each, 0))
    .reduce((so, next) => (so === '' || next.startsWith('-') ? so + next : `${so} ${next}`), '');

function polygonText(corners: readonly number[], { sx, sy, tx, ty }: Placement): string {
  let out = '';
  for (let i = 0; i < corners.length; i += 2) {
    out += `${i === 0 ? 'M' : 'L'}${joined([(corners[i] ?? 0) * sx + tx, (corners[i + 1] ?? 0) * sy + ty])}`;
  }
  return `${out}Z`;
}

function rectText([a, b, c, d]: readonly [number, number, number, number], at: Placement, isHole: boolean): string {
  return polygonText(isHole ? [a, b, a, d, c, d, c, b] : [a, b, c, b, c, d, a, d], at);
}

/** A path with a placement worked into it, of the letters that the grammar has. */
function pathText(path: string, { sx, sy, tx, ty }: Placement): string {
  let out = '';
  for (const { verb, coords } of stepsOf(path)) {
    out += verb + joined(coords.map((each, i) => (i % 2 === 0 ? each * sx + tx : each * sy + ty)));
  }
  return out;
}

/** The box of a path's points. */
function extentOf(path: string, { sx, sy, tx, ty }: Placement): readonly [number, number, number, number] {
  const all = [...stepsOf(path)].flatMap(({ coords }) => coords);
  const xs = all.filter((_, i) => i % 2 === 0).map((x) => x * sx + tx);
  const ys = all.filter((_, i) => i % 2 === 1).map((y) => y * sy + ty);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Steps with absolute pairs: H and V become L, T becomes Q, and what follows an end begins with a move. */
function* stepsOf(path: string): Generator<{ readonly verb: string; readonly coords: readonly number[] }> {
  let [x, y, cx, cy] = [0, 0, 0, 0];
  for (const [, verb = '', rest = ''] of path.matchAll(STEP)) {
    const numbers = numbersOf(rest);
    const [a = 0, b = 0] = numbers;
    let step: { verb: string; coords: readonly number[] };
    if (verb === 'H') {
      step = { verb: 'L', coords: [a, y] };
    } else if (verb === 'V') {
      step = { verb: 'L', coords: [x, a] };
    } else if (verb === 'T') {
      step = { verb: 'Q', coords: [2 * x - cx, 2 * y - cy, a, b] };
    } else {
      step = { verb, coords: numbers };
    }
    yield step;
    if (step.coords.length >= 2) {
      x = step.coords.at(-2) ?? 0;
      y = step.coords.at(-1) ?? 0;
      [cx, cy] = step.verb === 'Q' ? [step.coords[0] ?? x, step.coords[1] ?? y] : [x, y];
    }
  }
}
