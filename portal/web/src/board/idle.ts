/** Work between frames, where the browser says when there is time for it. */

/** Where the browser does not say (Safari), between two frames there is about so much. */
const LEFT_MS = 6;
/** A page that is never idle goes on all the same, ms. */
const LATEST_MS = 200;

/** Calls `run` once, with the ms that it may take; the number stops it. */
export function whenIdle(run: (leftMs: number) => void): number {
  return typeof requestIdleCallback === 'function'
    ? requestIdleCallback((deadline) => run(deadline.didTimeout ? LEFT_MS : deadline.timeRemaining()), {
        timeout: LATEST_MS,
      })
    : window.setTimeout(() => run(LEFT_MS), 0);
}

export function stopIdle(number: number): void {
  if (typeof cancelIdleCallback === 'function') {
    cancelIdleCallback(number);
  } else {
    window.clearTimeout(number);
  }
}
