/**
 * A small panel that a button opens. Escape, a click elsewhere, leaving it with Tab, a file chosen in it and a button in
 * it that is marked with `data-closes` close it. The focus goes back to the button, but for `data-closes="elsewhere"`:
 * what is pressed there has put it where it is wanted.
 */

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton, type IconButtonProps } from './IconButton';
import './ui.css';

export interface PopoverProps {
  /** Name of the panel for assistive technology. */
  label: string;
  button: Omit<IconButtonProps, 'onPress' | 'expanded'>;
  children: ComponentChildren;
  /** Corner of the button at which the panel stands. */
  side?: 'below-start' | 'below-end' | 'above-start' | 'above-end' | 'beside';
  testId?: string;
}

export function Popover({ label, button, children, side = 'below-end', testId }: PopoverProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  // With the panel itself: a key that comes right after it was drawn finds it listening.
  useLayoutEffect(() => {
    if (!isOpen) {
      return;
    }
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) {
        setOpen(false);
      }
    };
    const close = (): void => {
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    };
    const closeOnEscape = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        close();
      }
    };
    const closeOnClick = (event: MouseEvent): void => {
      const closer = event.target instanceof Element && event.target.closest<HTMLElement>('[data-closes]');
      if (closer && closer.dataset.closes === 'elsewhere') {
        setOpen(false);
      } else if (closer) {
        close();
      }
    };
    const closeOnFile = (event: Event): void => {
      if (event.target instanceof HTMLInputElement && event.target.type === 'file') {
        setOpen(false);
      }
    };
    const all = root.current;
    all?.addEventListener('click', closeOnClick);
    all?.addEventListener('change', closeOnFile);
    document.addEventListener('pointerdown', closeOutside, true);
    document.addEventListener('focusin', closeOutside);
    document.addEventListener('keydown', closeOnEscape, true);
    return () => {
      all?.removeEventListener('click', closeOnClick);
      all?.removeEventListener('change', closeOnFile);
      document.removeEventListener('pointerdown', closeOutside, true);
      document.removeEventListener('focusin', closeOutside);
      document.removeEventListener('keydown', closeOnEscape, true);
    };
  }, [isOpen]);
  return (
    <div class="popover" ref={root}>
      <IconButton {...button} expanded={isOpen} onPress={() => setOpen(!isOpen)} />
      {isOpen && (
        <section class="popover__panel" data-side={side} aria-label={label} data-testid={testId}>
          {children}
        </section>
      )}
    </div>
  );
}
