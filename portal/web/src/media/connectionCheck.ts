/** Whether this network carries a lesson: the session socket to the relay, and WebRTC between two ends in this page. */

/** `null`: not checked (no address known yet). */
export interface ConnectionResult {
  readonly relay: boolean | null;
  readonly direct: boolean;
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

function openSocket(url: string): WebSocket {
  return new WebSocket(url, 'chalkmesh.v1');
}

/** True when a data channel opens between two connections of this page: school policies often switch WebRTC off. */
export async function checkDirect(): Promise<boolean> {
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

export async function checkConnection(relayUrl: string | null): Promise<ConnectionResult> {
  const [relay, direct] = await Promise.all([relayUrl ? checkRelay(relayUrl) : null, checkDirect()]);
  return { relay, direct };
}

export interface ConnectionWords {
  readonly tone: 'good' | 'fair' | 'bad';
  readonly text: string;
}

export function connectionWords({ relay, direct }: ConnectionResult): ConnectionWords {
  if (relay === false) {
    return direct
      ? { tone: 'bad', text: 'The lesson server does not answer. You can join; the lesson starts when it does.' }
      : { tone: 'bad', text: 'The lesson server does not answer. Check that you are online.' };
  }
  return direct
    ? { tone: 'good', text: 'Your connection is ready' }
    : { tone: 'fair', text: 'Your network blocks direct connections: using the server' };
}
