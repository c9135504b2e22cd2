// Which frames show something new. Looks at the pixels of the page's canvases after each frame, so that it counts what
// a person sees: an animation frame that paints the same picture again is none.
(() => {
  const LEAST_SIDE = 300;
  const STRIP = 256;
  // So many pixels of the strips must differ for a moved view: another's pen that crosses one changes fewer.
  const MOVED = 24;
  const TIP = 3;
  const LOST_MS = 1000;
  let onFrame = null;
  let endPen = () => {};
  let longTasks = 0;
  let longest = 0;
  const frame = new MessageChannel();
  frame.port1.onmessage = () => onFrame?.(performance.now());
  const loop = () => {
    // The message is a task of its own: it comes when the frame has been made.
    frame.port2.postMessage(0);
    requestAnimationFrame(loop);
  };
  requestAnimationFrame(loop);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      longTasks += 1;
      longest = Math.max(longest, duration);
    }
  }).observe({ type: 'longtask' });

  const canvases = () =>
    [...document.querySelectorAll('canvas')].filter((each) => each.getBoundingClientRect().width >= LEAST_SIDE);

  const read = (canvas, x, y, w, h) => {
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const [left, top] = [Math.round((x - box.left) * ratio), Math.round((y - box.top) * ratio)];
    return new Uint32Array(canvas.getContext('2d').getImageData(left, top, w, h).data.buffer);
  };

  /** Rows of pixels across the middle of every canvas. */
  const strips = (rows) =>
    canvases().flatMap((canvas) => {
      const box = canvas.getBoundingClientRect();
      const x = box.left + box.width / 2 - STRIP / 2;
      return Array.from({ length: rows }, (_, row) =>
        read(canvas, x, box.top + (box.height * (row + 0.5)) / rows, STRIP, 1),
      );
    });

  const difference = (before, after) => {
    let count = before.length === after.length ? 0 : Infinity;
    for (let i = 0; i < before.length && count < Infinity; i += 1) {
      for (let j = 0; j < STRIP; j += 1) if (before[i][j] !== after[i][j]) count += 1;
    }
    return count;
  };

  const result = { times: [], lags: [], lost: 0, lastChange: 0, inputs: 0, lastInput: 0 };
  const clear = () => {
    Object.assign(result, { times: [], lags: [], lost: 0, lastChange: 0, inputs: 0, lastInput: 0 });
    [longTasks, longest] = [0, 0];
  };
  for (const type of ['wheel', 'pointermove', 'pointerup']) {
    addEventListener(
      type,
      (event) => {
        result.inputs += 1;
        result.lastInput = event.timeStamp;
      },
      { capture: true, passive: true },
    );
  }

  /** Frames in which the view is another one than in the frame before. */
  function watchView(rows = 3, least = MOVED) {
    clear();
    let before = strips(rows);
    onFrame = (now) => {
      const after = strips(rows);
      const changed = difference(before, after);
      if (changed > 0) result.lastChange = now;
      if (changed >= least) result.times.push(now);
      before = after;
    };
  }

  const isRed = (pixel) => (pixel & 255) > 150 && ((pixel >> 8) & 255) < 110 && ((pixel >> 16) & 255) < 110;

  /** Frames in which red ink has come to a place where the pen was, and how long after the pen. */
  function watchPen() {
    clear();
    const pending = [];
    const note = (event) => {
      if ((event.buttons & 1) === 0) return;
      for (const { timeStamp, clientX: x, clientY: y } of event.getCoalescedEvents()) pending.push({ timeStamp, x, y });
    };
    const begin = () => result.times.push(null);
    addEventListener('pointerdown', begin, { capture: true });
    addEventListener('pointermove', note, { capture: true });
    onFrame = (now) => {
      const layers = canvases();
      const side = 2 * TIP + 1;
      let isNew = false;
      for (const each of pending.splice(0)) {
        if (layers.some((canvas) => read(canvas, each.x - TIP, each.y - TIP, side, side).some(isRed))) {
          result.lags.push(now - each.timeStamp);
          isNew = true;
        } else if (now - each.timeStamp < LOST_MS) {
          pending.push(each);
        } else {
          result.lost += 1;
        }
      }
      if (isNew) result.times.push(now);
    };
    endPen = () => {
      removeEventListener('pointerdown', begin, { capture: true });
      removeEventListener('pointermove', note, { capture: true });
    };
  }

  function stop() {
    onFrame = null;
    endPen();
    return { ...result, longTasks, longest };
  }

  /** Opens, and waits until the picture has not changed for a while: when it changed last, ms after the call. */
  function open(where, quietMs) {
    return new Promise((resolve) => {
      const began = performance.now();
      const parts = bench.open(where);
      const called = performance.now() - began;
      let before = [];
      let last = began;
      onFrame = (now) => {
        const after = canvases().length > 0 ? strips(24) : [];
        if (difference(before, after) > 0) last = now;
        before = after;
        if (now - last > quietMs && after.length > 0 && bench.isReady()) {
          onFrame = null;
          const ink = after.reduce((sum, strip) => sum + strip.filter((px) => px !== strip[0]).length, 0);
          resolve({ ...parts, called, complete: last - began, ink, longest });
        }
      };
    });
  }

  globalThis.probe = { open, watchView, watchPen, stop };
})();
