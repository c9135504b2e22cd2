/** Whether this network carries a lesson: the session socket to the relay, and WebRTC between two ends in this page. */
import { t } from '../ui/i18n';

/** What the portal tells before there is a ticket. */
export interface Preflight {
  readonly relay_url: string;
  readonly ice_servers: readonly RTCIceServer[];
}

/** `null`: not checked (no address known yet, or the school has no TURN server). */
export interface ConnectionResult {
  readonly relay: boolean | null;
  /** There and back to the relay, ms; null: not measured. */
  readonly relayRttMs?: number | null;
  readonly direct: boolean;
  /** The TURN server answers over UDP. */
  readonly udp?: boolean | null;
  /** The TURN server answers over TCP or TLS. */
  readonly tcp?: boolean | null;
}

const CHECK_TIMEOUT_MS = 5_000;

/** True when the relay spoke first (`challenge`, protocol rule S1) within 5 s. Nothing is sent. */
export function checkRelay(url: string, open: (url: string) => WebSocket = openSocket): Promise<boolean> {
  return new Promise((resolve) => {
    let socket: WebSocket;
    try {
      socket = open(url);
    } catch (error) {
      // A malformed address, or ws:// from an https page: the browser refuses before connecting.
      if (error instanceof DOMException || error instanceof SyntaxError) {
        resolve(false);
        return;
      }
      throw error;
    }
    const finish = (reached: boolean): void => {
      clearTimeout(timer);
      socket.onmessage = null;
      socket.onerror = null;
      socket.onclose = null;
      socket.close();
      resolve(reached);
    };
    const timer = setTimeout(finish, CHECK_TIMEOUT_MS, false);
    socket.onmessage = () => finish(true);
    socket.onerror = () => finish(false);
    socket.onclose = () => finish(false);
  });
}

const ROUND_TRIPS = 3;

/**
 * The shortest of a few round trips to the relay, ms; null when it does not answer within 5 s. Asked is the session's
 * own address, which answers a plain request with nothing at once: a proxy may lead nothing else there. The first
 * request makes the connection and is not counted.
 */
export async function measureRelay(
  url: string,
  ask: (url: string, given: RequestInit) => Promise<unknown> = fetch,
): Promise<number | null> {
  const given: RequestInit = {
    mode: 'no-cors',
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
  };
  let bestMs: number | null = null;
  try {
    for (let trip = 0; trip <= ROUND_TRIPS; trip++) {
      const askedMs = performance.now();
      await ask(url.replace(/^ws/, 'http'), given);
      const tookMs = performance.now() - askedMs;
      if (trip > 0) bestMs = Math.min(bestMs ?? tookMs, tookMs);
    }
  } catch {
    // Refused, cut off or too slow: what was measured until then holds.
    return bestMs;
  }
  return bestMs;
}

function openSocket(url: string): WebSocket {
  return new WebSocket(url, 'chalkmesh.v1');
}

/** True when a data channel opens between two connections of this page: school policies often switch WebRTC off. */
async function checkDirect(): Promise<boolean> {
  if (typeof RTCPeerConnection === 'undefined') {
    return false;
  }
  const near = new RTCPeerConnection({ iceServers: [] });
  const far = new RTCPeerConnection({ iceServers: [] });
  const forward = (to: RTCPeerConnection) => (event: RTCPeerConnectionIceEvent) => {
    // A candidate that comes after the check has ended finds a closed connection; that is no finding.
    to.addIceCandidate(event.candidate ?? undefined).catch(() => undefined);
  };
  near.onicecandidate = forward(far);
  far.onicecandidate = forward(near);
  try {
    const channel = near.createDataChannel('check', { negotiated: true, id: 0 });
    far.createDataChannel('check', { negotiated: true, id: 0 });
    const opened = new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, CHECK_TIMEOUT_MS, false);
      channel.onopen = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
    return await opened;
  } catch (error) {
    // A policy that forbids WebRTC shows as any of several DOMExceptions; all mean the same here.
    if (error instanceof DOMException) {
      return false;
    }
    throw error;
  } finally {
    near.close();
    far.close();
  }
}

const urlsOf = ({ urls }: RTCIceServer): string[] => (typeof urls === 'string' ? [urls] : urls);
const isTcp = (url: string): boolean => url.startsWith('turns:') || url.includes('transport=tcp');

/** The servers with those of their TURN addresses that go over TCP (or over UDP); none where there are none. */
export function serversOver(tcp: boolean, servers: readonly RTCIceServer[]): RTCIceServer[] {
  return servers
    .map((server) => ({ ...server, urls: urlsOf(server).filter((url) => isTcp(url) === tcp) }))
    .filter(({ urls }) => urls.length > 0);
}

/** True when a TURN server gives an address within 5 s; null without servers. Nothing but the server is contacted. */
export async function checkTurn(
  iceServers: RTCIceServer[],
  open: (config: RTCConfiguration) => RTCPeerConnection = (config) => new RTCPeerConnection(config),
): Promise<boolean | null> {
  if (iceServers.length === 0) return null;
  let peer: RTCPeerConnection;
  try {
    peer = open({ iceServers, iceTransportPolicy: 'relay' });
  } catch (error) {
    // A malformed address in the school's settings, or WebRTC switched off by policy.
    if (error instanceof DOMException || error instanceof ReferenceError) return null;
    throw error;
  }
  try {
    return await new Promise<boolean>((resolve, reject) => {
      setTimeout(resolve, CHECK_TIMEOUT_MS, false);
      peer.onicecandidate = ({ candidate }) => candidate?.candidate && resolve(true);
      peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve(false);
      peer.createDataChannel('check');
      peer.setLocalDescription().catch(reject);
    });
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  } finally {
    peer.close();
  }
}

/** `servers`: of the school, from `Preflight`. */
export async function checkConnection(
  relayUrl: string | null,
  servers: readonly RTCIceServer[] = [],
): Promise<ConnectionResult> {
  const [relay, relayRttMs, direct, udp, tcp] = await Promise.all([
    relayUrl ? checkRelay(relayUrl) : null,
    relayUrl ? measureRelay(relayUrl) : null,
    checkDirect(),
    checkTurn(serversOver(false, servers)),
    checkTurn(serversOver(true, servers)),
  ]);
  return { relay, relayRttMs, direct, udp, tcp };
}

export interface ConnectionWords {
  readonly tone: 'good' | 'fair' | 'bad';
  readonly text: string;
}

/** Above this a talk over the server lags enough to be felt. */
const SLOW_MS = 400;

export function connectionWords(result: ConnectionResult): ConnectionWords {
  const { tone, text } = waysWords(result);
  const rttMs = result.relay === false ? null : (result.relayRttMs ?? null);
  if (rttMs === null) return { tone, text };
  const isSlow = rttMs >= SLOW_MS;
  const trip = t('{n} ms to the lesson server', { n: Math.max(1, Math.round(rttMs)) });
  return {
    tone: isSlow && tone === 'good' ? 'fair' : tone,
    text: isSlow ? t('{state} · {trip}, which is slow', { state: text, trip }) : `${text} · ${trip}`,
  };
}

function waysWords({ relay, direct, udp = null, tcp = null }: ConnectionResult): ConnectionWords {
  if (relay === false) {
    return direct
      ? { tone: 'bad', text: t('The lesson server does not answer. You can join; the lesson starts when it does.') }
      : { tone: 'bad', text: t('The lesson server does not answer. Check that you are online.') };
  }
  if (udp === false) {
    return tcp
      ? { tone: 'fair', text: t('Your network blocks UDP: using TCP through the server') }
      : { tone: 'fair', text: t('Your network blocks UDP: sound and picture may not come through; the board works') };
  }
  return direct
    ? { tone: 'good', text: t('Your connection is ready') }
    : { tone: 'fair', text: t('Your network blocks direct connections: using the server') };
}
