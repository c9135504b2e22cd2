/** The language of this page, and of the next ones on this device. */

import { Languages } from 'lucide-preact';
import { currentLanguage, LANGUAGES, type Language, setLanguage, t } from './i18n';
import { Popover, type PopoverProps } from './Popover';
import { toast } from './toasts';

interface LanguageMenuProps {
  /** From the page's meta element. */
  csrf: string;
  side?: NonNullable<PopoverProps['side']>;
  class?: string;
}

export function LanguageMenu({ csrf, side = 'below-end', class: look = '' }: LanguageMenuProps) {
  const language = currentLanguage();
  return (
    <Popover
      label={t('Language')}
      side={side}
      testId="language-panel"
      button={{
        label: t('Language'),
        testId: 'language',
        tip: 'bottom',
        class: `button--quiet ${look}`,
        children: <Languages class="icon" aria-hidden="true" />,
      }}
    >
      <div class="languages">
        {(Object.keys(LANGUAGES) as Language[]).map((code) => (
          <button
            key={code}
            type="button"
            class="button button--quiet"
            lang={code}
            aria-pressed={code === language}
            data-testid={`language-${code}`}
            data-closes
            onClick={() => void choose(code, csrf)}
          >
            {LANGUAGES[code]}
          </button>
        ))}
      </div>
    </Popover>
  );
}

async function choose(language: Language, csrf: string): Promise<void> {
  if (!(await setLanguage(language, csrf))) {
    toast(t('This language could not be loaded. Try again when the connection is back.'));
  }
}
