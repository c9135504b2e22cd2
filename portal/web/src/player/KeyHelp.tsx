import { Keyboard } from 'lucide-preact';
import { Popover } from '../ui/Popover';
import './findings.css';

const KEYS: readonly (readonly [string, string])[] = [
  ['Space or K', 'Play, pause'],
  ['← →', 'Back, ahead 5 seconds'],
  ['J L', 'Back, ahead 10 seconds'],
  [', .', 'One picture back, ahead'],
  ['0 … 9', 'To a tenth of the lesson'],
  ['Home End', 'To the beginning, to the end'],
  ['< >', 'Slower, faster'],
  ['M', 'Sound on or off'],
  ['S', 'Skip silence'],
  ['C', 'Captions'],
  ['F', 'Show the whole page'],
];

/** What the keys do. */
export function KeyHelp() {
  return (
    <Popover
      label="Keys"
      side="above-end"
      testId="player-keys-panel"
      button={{
        label: 'Keys',
        testId: 'player-keys',
        class: 'button--quiet transport__keys',
        children: <Keyboard class="icon" aria-hidden="true" />,
      }}
    >
      <dl class="key-help">
        {KEYS.map(([keys, words]) => (
          <div key={keys} class="key-help__row">
            <dt class="numbers">{keys}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Popover>
  );
}
