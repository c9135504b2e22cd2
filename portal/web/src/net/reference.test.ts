import { describe, expect, it } from 'vitest';
import { helpAddress, newReference } from './reference';

describe('references of failures', () => {
  it('have the form that the portal takes, and differ', () => {
    const made = Array.from({ length: 200 }, newReference);
    for (const each of made) expect(each).toMatch(/^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(made).size).toBe(200);
  });

  it('lead to the form with the lesson', () => {
    expect(helpAddress('7K3M-Q2XD', 'abc')).toBe(
      '/help?reference=7K3M-Q2XD&lesson=abc&place=%2Flessons%2Fabc%2Froom#ask',
    );
  });
});
