/** "Break my network", in demo rooms: cut a path and watch the lesson go on. */

import { Unplug } from 'lucide-preact';
import { phrase, t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { ackRows } from './acked';
import type { RoomStore } from './store';

const CUT_MS = 10_000;
const PATH_WORDS = { mesh: phrase('direct'), relay: phrase('over the server'), none: phrase('no path') } as const;

export function NetworkPanel({ store }: { store: RoomStore }) {
  const { relay, mesh } = store.cuts.value;
  const isBroken = relay || mesh;
  return (
    <Popover
      label={t('Break my network')}
      testId="network-panel"
      button={{
        label: t('Break my network'),
        testId: 'network',
        tip: 'bottom',
        class: `button--quiet${isBroken ? ' network--broken' : ''}`,
        children: <Unplug class="icon" aria-hidden="true" />,
      }}
    >
      <NetworkControls store={store} />
    </Popover>
  );
}

function NetworkControls({ store }: { store: RoomStore }) {
  const { relay, mesh } = store.cuts.value;
  return (
    <div class="network">
      <h2>{t('Break my network')}</h2>
      <p class="soft small">{t('Cut a path of this page and go on drawing. Nothing is lost.')}</p>
      <Switch label={t('Server')} isCut={relay} testId="break-relay" onCut={(cut) => store.setCuts({ relay: cut })} />
      <Switch
        label={t('Direct connections')}
        isCut={mesh}
        testId="break-mesh"
        onCut={(cut) => store.setCuts({ mesh: cut })}
      />
      <BothButton store={store} />
      <Paths store={store} />
    </div>
  );
}

interface SwitchProps {
  label: string;
  isCut: boolean;
  testId: string;
  onCut: (isCut: boolean) => void;
}

function Switch({ label, isCut, testId, onCut }: SwitchProps) {
  return (
    <div class="network__switch">
      <span>{label}</span>
      <button
        type="button"
        class={`button button--small${isCut ? ' button--primary' : ''}`}
        aria-pressed={isCut}
        data-testid={testId}
        onClick={() => onCut(!isCut)}
      >
        {isCut ? t('Mend') : t('Cut')}
      </button>
    </div>
  );
}

function BothButton({ store }: { store: RoomStore }) {
  return (
    <button
      type="button"
      class="button button--small button--wide"
      data-testid="break-both"
      onClick={() => store.cutBothFor(CUT_MS)}
    >
      {t('Cut both for 10 seconds')}
    </button>
  );
}

function Paths({ store }: { store: RoomStore }) {
  // The clock renders this twice a second, so that round trips and numbers move.
  store.clockMs.value;
  const { session } = store;
  const connection = store.connection.value;
  const rows = ackRows(session.diagnostics().heads(), session.me?.session ?? null);
  return (
    <div class="network__paths">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('To')}</th>
            <th scope="col">{t('Path')}</th>
            <th scope="col" class="numbers">
              {t('RTT')}
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>{t('Server')}</td>
            <td>{connection.relay}</td>
            <td class="numbers">{formatRtt(connection.relay === 'online' ? connection.relayRttMs : null)}</td>
          </tr>
          {connection.peers.map((peer) => (
            <tr key={peer.session} data-testid={`path-${peer.session}`} data-path={peer.path}>
              <td>{session.person(peer.session)?.name ?? t('Someone')}</td>
              <td>{t(PATH_WORDS[peer.path])}</td>
              <td class="numbers">{formatRtt(peer.rttMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="small" data-testid="ack-numbers">
        {rows.map((row) => (
          <span key={row.doc} class="network__acked">
            {t('{doc}: {acked} of {own} saved', { doc: row.doc, acked: row.acked, own: row.own })}
          </span>
        ))}
      </p>
    </div>
  );
}

function formatRtt(rttMs: number | null): string {
  return rttMs === null ? '–' : t('{n} ms', { n: Math.round(rttMs) });
}
