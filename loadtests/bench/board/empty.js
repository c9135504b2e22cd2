// A page with nothing on it but one canvas: bars that move by a step with each frame that a wheel asks for, and red dots where
// the pen is. What its frames are late by is the machine's, the browser's and the probe's own.
const canvas = document.createElement('canvas');
canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%';
document.getElementById('app').append(canvas);
[canvas.width, canvas.height] = [innerWidth, innerHeight];
const context = canvas.getContext('2d', { alpha: false });
const [GAP, BAR, STEP, DOT] = [40, 12, 7, 5];
let asked = false;
let frames = 0;
let dots = [];

const paint = () => {
  asked = false;
  frames += 1;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#334455';
  for (let x = (frames * STEP) % GAP; x < canvas.width; x += GAP) context.fillRect(x, 0, BAR, canvas.height);
  context.fillStyle = '#e03131';
  for (const [x, y] of dots) context.fillRect(x - DOT, y - DOT, 2 * DOT, 2 * DOT);
};
const ask = () => {
  if (!asked) requestAnimationFrame(paint);
  asked = true;
};

addEventListener(
  'wheel',
  (event) => {
    event.preventDefault();
    ask();
  },
  { passive: false },
);
addEventListener('pointerdown', () => {
  dots = [];
});
addEventListener('pointermove', (event) => {
  if ((event.buttons & 1) === 0) return;
  dots.push(...event.getCoalescedEvents().map(({ clientX, clientY }) => [clientX, clientY]));
  ask();
});
const nothing = () => undefined;
globalThis.bench = {
  load: nothing,
  open: () => {
    ask();
    return {};
  },
  isReady: () => true,
  shapeCount: () => 0,
  pen: nothing,
  remotePens: nothing,
};
