// Excalidraw with the bench's ink, behind the same small interface as our own page (portal/web/tests/bench/ours.tsx).
import '@excalidraw/excalidraw/index.css';
import { Excalidraw } from '@excalidraw/excalidraw';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const RED = '#e03131';
const PACKET_MS = 40;
const POINTS_A_PACKET = 5;
const POINTS_A_STROKE = 60;
const MARGIN_PX = 40;

let file = '';
let api = null;
let pens = null;

/** The ink as text, as a file or a server would give it; not timed. */
async function load(count) {
  file = await (await fetch(`/data/excalidraw-${count}.json`)).text();
}

/** From the text to a mounted board that shows everything, or the middle at 100 %. */
function open(where) {
  const { elements, box } = JSON.parse(file);
  file = '';
  const area = document.getElementById('app').getBoundingClientRect();
  const zoom =
    where === 'fit'
      ? Math.min((area.width - MARGIN_PX) / (box.maxX - box.minX), (area.height - MARGIN_PX) / (box.maxY - box.minY))
      : 1;
  const scroll = {
    scrollX: area.width / 2 / zoom - (box.minX + box.maxX) / 2,
    scrollY: area.height / 2 / zoom - (box.minY + box.maxY) / 2,
  };
  const appState = { ...scroll, zoom: { value: zoom }, viewBackgroundColor: '#ffffff', currentItemStrokeColor: RED };
  createRoot(document.getElementById('app')).render(
    createElement(Excalidraw, {
      initialData: { elements, appState },
      excalidrawAPI: (given) => {
        api = given;
      },
    }),
  );
}

const isReady = () => api !== null;
const shapeCount = () => api?.getSceneElements().length ?? 0;

function pen() {
  api.setActiveTool({ type: 'freedraw', locked: true });
}

/** Board px in the middle of the screen. */
function middle() {
  const { scrollX, scrollY, zoom, width, height } = api.getAppState();
  return { x: width / 2 / zoom.value - scrollX, y: height / 2 / zoom.value - scrollY };
}

/** Four others who draw in the middle of what is seen: 25 times a second each, as its own collaboration does it. */
function remotePens(on) {
  clearInterval(pens);
  if (!on) return;
  const others = [0, 1, 2, 3].map((n) => ({ n, stroke: 0, element: null }));
  pens = setInterval(() => {
    const at = middle();
    for (const other of others) {
      const seen = other.element?.points ?? [];
      const points = seen.length >= POINTS_A_STROKE ? [] : seen;
      if (points.length === 0) {
        other.stroke += 1;
        other.at = { x: at.x + 120 * (other.n % 2 ? 1 : -1), y: at.y + 80 * (other.n > 1 ? 1 : -1) };
      }
      const grown = [...points];
      for (let i = 0; i < POINTS_A_PACKET; i += 1) grown.push(curl(grown.length));
      other.element = freedraw(`remote-${other.n}-${other.stroke}`, other.at, grown);
    }
    const latest = new Map(others.map(({ element }) => [element.id, element]));
    const kept = api.getSceneElementsIncludingDeleted().filter(({ id }) => !latest.has(id));
    api.updateScene({ elements: [...kept, ...latest.values()] });
  }, PACKET_MS);
}

const curl = (i) => [Math.cos(i / 6) * (8 + i / 2), Math.sin(i / 6) * (8 + i / 2)];

function freedraw(id, { x, y }, points) {
  return {
    id, type: 'freedraw', x, y, width: 80, height: 80, angle: 0, strokeColor: '#1971c2', backgroundColor: 'transparent',
    fillStyle: 'solid', strokeWidth: 1, strokeStyle: 'solid', roughness: 1, opacity: 100, groupIds: [], frameId: null,
    index: null, roundness: null, seed: 1, version: points.length + 1, versionNonce: points.length + 1, isDeleted: false,
    boundElements: null, updated: 1, link: null, locked: false, points, pressures: [], simulatePressure: true,
    lastCommittedPoint: null,
  };
}

globalThis.bench = { load, open, isReady, shapeCount, pen, remotePens };
