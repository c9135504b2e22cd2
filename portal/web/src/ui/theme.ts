/** Light or dark: what the person chose (the server writes it into the page), else what the system has. */

import { signal } from '@preact/signals';

export type ThemeName = 'light' | 'dark';

const system = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

function chosen(): ThemeName | null {
  const value = globalThis.document?.documentElement.dataset.theme;
  return value === 'light' || value === 'dark' ? value : null;
}

/** The theme in force. */
export const theme = signal<ThemeName>(chosen() ?? (system?.matches ? 'dark' : 'light'));

system?.addEventListener('change', () => {
  theme.value = chosen() ?? (system.matches ? 'dark' : 'light');
});

/** Changes this page at once and has the server remember it for the next ones. `csrf` from the page's meta element. */
export async function setTheme(name: ThemeName, csrf: string): Promise<void> {
  document.documentElement.dataset.theme = name;
  theme.value = name;
  try {
    await fetch('/theme', { method: 'POST', body: new URLSearchParams({ theme: name, csrf }), redirect: 'manual' });
  } catch (error) {
    // Offline: the choice holds for this page.
    if (!(error instanceof TypeError)) {
      throw error;
    }
  }
}
