import { describe, expect, it } from 'vitest';
import type { Shape } from '../core/shape';
import { paperOf } from './paper';

const page = (...shapes: Partial<Shape>[]) => ({ shapes: () => shapes as Shape[] });

describe('the paper of a page', () => {
  it('is white under a page of a PDF, whatever the theme', () => {
    const sheet = page({ type: 'image', locked: true }, { type: 'draw', locked: false });
    expect(paperOf(sheet, 'main' as never, 'dark')).toBe('light');
    expect(paperOf(sheet, 'main' as never, 'light')).toBe('light');
  });

  it('goes by the theme elsewhere', () => {
    const photo = page({ type: 'image', locked: false }, { type: 'draw', locked: true });
    expect(paperOf(photo, 'main' as never, 'dark')).toBe('dark');
    expect(paperOf(page(), 'main' as never, 'dark')).toBe('dark');
  });
});
