/** A square button with one icon. Its label is its accessible name and, on hover and focus, a tooltip. */

import type { ComponentChildren } from 'preact';
import './ui.css';

export interface IconButtonProps {
  /** An icon of lucide-preact, already rendered. */
  children: ComponentChildren;
  label: string;
  onPress: () => void;
  testId?: string;
  /** For toggles. */
  pressed?: boolean;
  /** For buttons that open something. */
  expanded?: boolean;
  disabled?: boolean;
  /** Shown in the tooltip, such as "P" or "Ctrl+Z". */
  keys?: string;
  /** Where the tooltip stands. */
  tip?: 'top' | 'bottom' | 'right' | 'left';
  class?: string;
  /** Extra data attributes, such as a state for tests. */
  state?: string;
}

export function IconButton(props: IconButtonProps) {
  const { label, keys, pressed, expanded, tip = 'top' } = props;
  return (
    <button
      type="button"
      class={`button button--icon ${props.class ?? 'button--quiet'}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-keyshortcuts={keys?.replaceAll('Ctrl', 'Control')}
      data-tip={keys ? `${label}  ${keys}` : label}
      data-tip-side={tip}
      data-testid={props.testId}
      data-state={props.state}
      disabled={props.disabled}
      onClick={props.onPress}
    >
      {props.children}
    </button>
  );
}
