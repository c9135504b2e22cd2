/** Paths of geometric shapes, notes, frames, lines and arrows. Twin of `recorder/figures.py`. */

import ink from '@spec/ink.json';
import things from '@spec/things.json';
import { cornersOf, middleOf } from '../core/arrows';
import type { Dash, FrameShape, GeoShape, LineShape, MathShape, NoteShape, PlotShape } from '../core/shape';
import { type Box, growBox, type Point, unionBox } from './camera';
import { formulaItem } from './formulas';
import { labelItem } from './labels';
import { FONT_ASCENT_EM } from './metrics';
import { plotItem } from './plots';
import type { FigureItem, FigurePath, MeasureText, TextItem } from './scene';
import { boxAround, turned, turnedBox } from './turn';

/** How far the control points of a quarter of an ellipse stand out, of its half axis. */
const ROUND = 0.5522847498;

export type FigureShape = GeoShape | NoteShape | LineShape | MathShape | PlotShape | FrameShape;

export function figureItem(shape: FigureShape, measure: MeasureText): FigureItem {
  switch (shape.type) {
    case 'geo':
      return geoItem(shape, measure);
    case 'note':
      return noteItem(shape, measure);
    case 'math':
      return formulaItem(shape);
    case 'plot':
      return plotItem(shape, measure);
    case 'frame':
      return frameItem(shape, measure);
    default:
      return lineItem(shape);
  }
}

interface Track {
  readonly verbs: string;
  readonly points: readonly Point[];
}

function geoItem(shape: GeoShape, measure: MeasureText): FigureItem {
  const track = turnTrack(geoTrack(shape), shape);
  const { colour, size, fill, opacity } = shape;
  const paths: FigurePath[] = [];
  if (fill !== 'none') {
    paths.push(pathOf(track, colour, { fill: fill === 'soft' ? things.soft_opacity : 1 }));
  }
  paths.push(pathOf(track, colour, { width: size, dash: dashOf(shape.dash, size) }));
  const [left, top, right, bottom] = things.inner[shape.form] as [number, number, number, number];
  const inner = {
    minX: shape.x + left * shape.w,
    minY: shape.y + top * shape.h,
    maxX: shape.x + right * shape.w,
    maxY: shape.y + bottom * shape.h,
  };
  const look = { size: things.label.size, colour: fill === 'solid' ? 'paper' : colour };
  return finish(shape, track, paths, inner, look, opacity, measure);
}

function noteItem(shape: NoteShape, measure: MeasureText): FigureItem {
  const track = turnTrack(roundTrack(shape.w, shape.h, Math.min(things.note.corner, shape.w / 2, shape.h / 2)), shape);
  const paths = [pathOf(track, `note:${shape.colour}`, { fill: 1 })];
  const inner = { minX: shape.x, minY: shape.y, maxX: shape.x + shape.w, maxY: shape.y + shape.h };
  return finish(shape, track, paths, inner, { size: shape.size, colour: 'black' }, shape.opacity, measure);
}

/** The pen that a frame is drawn with, px. */
const FRAME_PEN = 2;

function frameItem(shape: FrameShape, measure: MeasureText): FigureItem {
  const { w, h, colour, opacity } = shape;
  const corners = [
    { x: 0, y: 0 },
    { x: w, y: 0 },
    { x: w, y: h },
    { x: 0, y: h },
  ];
  const track = turnTrack({ verbs: 'MLLLZ', points: corners }, shape);
  const own = growBox(boxAround(track.points), FRAME_PEN / 2 + 1);
  const label = titleItem(shape, measure);
  const paths = [pathOf(track, colour, { width: FRAME_PEN })];
  return { kind: 'figure', paths, label, opacity, box: unionBox(own, label?.box ?? null) ?? own };
}

/** A frame's title stands above its left corner, in one line. */
function titleItem(shape: FrameShape, measure: MeasureText): TextItem | null {
  const { x, size, rotation, colour, opacity, bold } = shape;
  const text = [...shape.text].slice(0, things.label.chars).join('').replaceAll('\n', ' ');
  if (text === '') {
    return null;
  }
  const bottom = shape.y - things.frame.gap;
  const top = bottom - size * ink.text.line_height;
  const pivot = middleOf(shape);
  const upright = { minX: x, minY: top, maxX: x + measure(text, size, bold), maxY: bottom };
  const lines = [{ text, x, baseline: top + FONT_ASCENT_EM * size }];
  const box = turnedBox(upright, pivot, rotation);
  return { kind: 'text', ...pivot, rotation, lines, colour, opacity, bold, size, box };
}

function finish(
  shape: GeoShape | NoteShape,
  track: Track,
  paths: readonly FigurePath[],
  inner: Box,
  look: { readonly size: number; readonly colour: string },
  opacity: number,
  measure: MeasureText,
): FigureItem {
  const pivot = middleOf(shape);
  const { bold, rotation } = shape;
  const label = labelItem(shape.text, inner, { ...look, bold, opacity, rotation, pivot }, measure);
  const width = Math.max(...paths.map((path) => path.width));
  // A sharp corner is joined round, so nothing stands out farther than half the pen.
  const own = growBox(boxAround(track.points), width / 2 + 1);
  return { kind: 'figure', paths, label, opacity, box: unionBox(own, label?.box ?? null) ?? own };
}

function geoTrack(shape: GeoShape): Track {
  if (shape.form === 'ellipse') {
    return roundTrack(shape.w, shape.h, null);
  }
  const points = cornersOf(shape);
  return { verbs: `M${'L'.repeat(Math.max(0, points.length - 1))}Z`, points };
}

/** A rectangle with round corners; null makes the corners as round as they can be, an ellipse. */
function roundTrack(w: number, h: number, corner: number | null): Track {
  const [rx, ry] = corner === null ? [w / 2, h / 2] : [corner, corner];
  const [kx, ky] = [rx * (1 - ROUND), ry * (1 - ROUND)];
  return {
    verbs: 'MCLCLCLCZ',
    points: [
      { x: w - rx, y: 0 },
      { x: w - kx, y: 0 },
      { x: w, y: ky },
      { x: w, y: ry },
      { x: w, y: h - ry },
      { x: w, y: h - ky },
      { x: w - kx, y: h },
      { x: w - rx, y: h },
      { x: rx, y: h },
      { x: kx, y: h },
      { x: 0, y: h - ky },
      { x: 0, y: h - ry },
      { x: 0, y: ry },
      { x: 0, y: ky },
      { x: kx, y: 0 },
      { x: rx, y: 0 },
    ],
  };
}

/** From the shape's own place to where it stands on the board. */
function turnTrack(track: Track, shape: GeoShape | NoteShape | FrameShape): Track {
  const middle = middleOf(shape);
  const points = track.points.map(({ x, y }) => turned({ x: shape.x + x, y: shape.y + y }, middle, shape.rotation));
  return { verbs: track.verbs, points };
}

function lineItem(shape: LineShape): FigureItem {
  const { colour, size, opacity, ends } = shape;
  const from = { x: ends.x1, y: ends.y1 };
  const to = { x: ends.x2, y: ends.y2 };
  const shaft: Track = { verbs: 'ML', points: [from, to] };
  const paths = [pathOf(shaft, colour, { width: size, dash: dashOf(shape.dash, size) })];
  const points = [from, to];
  for (const [tip, back] of [
    [to, from],
    [from, to],
  ] as const) {
    if (shape.head === 'both' || (shape.head === 'end' && tip === to)) {
      const head = headOf(tip, back, size);
      paths.push(pathOf({ verbs: 'MLL', points: head }, colour, { width: size }));
      points.push(...head);
    }
  }
  return { kind: 'figure', paths, label: null, opacity, box: growBox(boxAround(points), size / 2 + 1) };
}

function headOf(tip: Point, back: Point, size: number): Point[] {
  const far = Math.hypot(tip.x - back.x, tip.y - back.y);
  const long = Math.min(things.head_length + things.head_per_size * size, 0.6 * far);
  const share = far > 0 ? long / far : 0;
  const straight = { x: tip.x + (back.x - tip.x) * share, y: tip.y + (back.y - tip.y) * share };
  return [turned(straight, tip, things.head_angle), tip, turned(straight, tip, -things.head_angle)];
}

function dashOf(dash: Dash, size: number): readonly number[] {
  switch (dash) {
    case 'dashed':
      return [2 * size + 4, 2 * size + 6];
    case 'dotted':
      return [0.01, 2 * size + 3];
    default:
      return [];
  }
}

function pathOf(
  track: Track,
  colour: string,
  how: { readonly fill?: number; readonly width?: number; readonly dash?: readonly number[] },
): FigurePath {
  const coords = new Float64Array(track.points.length * 2);
  for (const [i, { x, y }] of track.points.entries()) {
    coords[2 * i] = x;
    coords[2 * i + 1] = y;
  }
  return { verbs: track.verbs, coords, colour, fill: how.fill ?? 0, width: how.width ?? 0, dash: how.dash ?? [] };
}
