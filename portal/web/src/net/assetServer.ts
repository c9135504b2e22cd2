/** The relay's pictures over HTTP, with the token of the welcome (protocol.md A9–A11). */
import { ASSET_LIMITS, type AssetId } from '../core/assets';
import { type Bytes, concatBytes, ownBytes } from '../core/bytes';
import { ChalkmeshError } from '../core/errors';

export type AssetErrorReason =
  | 'unknown'
  | 'unreachable'
  | 'too_large'
  | 'not_a_picture'
  | 'room_full'
  | 'not_allowed'
  | 'too_many'
  | 'refused'
  | 'timeout';

/** A picture that cannot be had, or is not taken. */
export class AssetError extends ChalkmeshError {
  override name = 'AssetError';
  constructor(readonly reason: AssetErrorReason) {
    super(reason);
  }
}

/** Of a welcome or a renewal. */
export interface AssetGrant {
  readonly token: string;
}

export interface ServerRest {
  readonly offset: number;
  readonly total: number;
  readonly data: Bytes;
}

/** Where assets are when no participant can give them. Neither rejects for what a network does. */
export interface AssetServer {
  fetch(asset: AssetId, first: number): Promise<ServerRest | 'missing' | 'away'>;
  /** True when it is stored durably, false when that could not be asked. Rejects with AssetError when refused. */
  store(asset: AssetId, data: Bytes): Promise<boolean>;
}

const TIMEOUT_MS = 60_000;
const REFUSALS: readonly AssetErrorReason[] = ['room_full', 'too_large', 'not_a_picture', 'not_allowed'];

/** Beside the session socket that the ticket names. */
export function assetsUrl(relayUrl: string, room: string, asset: AssetId): string {
  const base = relayUrl.replace(/\/v1\/session$/, '').replace(/^ws/, 'http');
  return `${base}/v1/rooms/${encodeURIComponent(room)}/assets/${asset}`;
}

/** The body, never more than an asset may have. */
async function readBody(answer: Response): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = answer.body?.getReader();
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    length += next.value.length;
    if (length > ASSET_LIMITS.asset_bytes) {
      await reader?.cancel();
      throw new TypeError('longer than an asset may be');
    }
    parts.push(next.value);
  }
  return concatBytes(...parts);
}

export class RelayAssetServer implements AssetServer {
  private relayUrl = '';
  private token = '';

  constructor(private readonly room: string) {}

  allow(relayUrl: string, grant: AssetGrant): void {
    this.relayUrl = relayUrl;
    this.token = grant.token;
  }

  private request(asset: AssetId, init: RequestInit): Promise<Response> {
    return fetch(assetsUrl(this.relayUrl, this.room, asset), {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${this.token}` },
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  async fetch(asset: AssetId, first: number): Promise<ServerRest | 'missing' | 'away'> {
    if (this.token === '') return 'away';
    try {
      const answer = await this.request(asset, first > 0 ? { headers: { Range: `bytes=${first}-` } } : {});
      if (answer.status === 404 || answer.status === 416) return 'missing';
      if (answer.status !== 200 && answer.status !== 206) return 'away';
      const data = await readBody(answer);
      if (answer.status === 200) return { offset: first, total: data.length, data: data.subarray(first) };
      const range = /^bytes (\d{1,12})-\d{1,12}\/(\d{1,12})$/.exec(answer.headers.get('Content-Range') ?? '');
      return range === null ? 'away' : { offset: Number(range[1]), total: Number(range[2]), data };
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) return 'away';
      throw error;
    }
  }

  async store(asset: AssetId, data: Bytes): Promise<boolean> {
    if (this.token === '') return false;
    let answer: Response;
    try {
      answer = await this.request(asset, { method: 'PUT', body: ownBytes(data) });
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) return false;
      throw error;
    }
    const { status } = answer;
    if (status === 200 || status === 201) return true;
    if ([401, 408, 429].includes(status) || status >= 500) return false;
    const body: unknown = await answer.json().catch(() => null);
    const code = typeof body === 'object' && body !== null && 'error' in body ? body.error : null;
    throw new AssetError(REFUSALS.find((reason) => reason === code) ?? 'refused');
  }
}
