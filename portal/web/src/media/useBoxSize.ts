import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** The content size of an element in CSS px, kept up to date. Zero until the element is in the page. */
export function useBoxSize<T extends HTMLElement>(): [BoxSize, RefObject<T>] {
  const ref = useRef<T>(null);
  const [size, setSize] = useState<BoxSize>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(([entry]) => {
      if (entry) {
        const { width, height } = entry.contentRect;
        setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [size, ref];
}
