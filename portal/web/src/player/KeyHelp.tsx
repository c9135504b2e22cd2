import { Keyboard } from 'lucide-preact';
import { Popover } from '../ui/Popover';
import './findings.css';
import { type Phrase, phrase, t } from '../ui/i18n';

const KEYS: readonly (readonly [string | Phrase, Phrase])[] = [
  [phrase('Space or K'), phrase('Play, pause')],
  ['← →', phrase('Back, ahead 5 seconds')],
  ['J L', phrase('Back, ahead 10 seconds')],
  [', .', phrase('One picture back, ahead')],
  ['0 … 9', phrase('To a tenth of the lesson')],
  [phrase('Home End'), phrase('To the beginning, to the end')],
  ['< >', phrase('Slower, faster')],
  ['M', phrase('Sound on or off')],
  ['S', phrase('Skip silence')],
  ['C', phrase('Captions')],
  ['F', phrase('Show the whole page')],
];

/** What the keys do. */
export function KeyHelp() {
  return (
    <Popover
      label={t('Keys')}
      side="above-end"
      testId="player-keys-panel"
      button={{
        label: t('Keys'),
        testId: 'player-keys',
        class: 'button--quiet transport__keys',
        children: <Keyboard class="icon" aria-hidden="true" />,
      }}
    >
      <dl class="key-help">
        {KEYS.map(([keys, words]) => (
          <div key={words} class="key-help__row">
            <dt class="numbers">{typeof keys === 'string' ? keys : t(keys)}</dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
    </Popover>
  );
}
