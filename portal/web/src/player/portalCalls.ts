import { PortalError } from '../net/portal';
import { t } from '../ui/i18n';

/** The portal's interface beside a recording: notes, boards, reviews. All methods raise PortalError for a person. */
export class RecordingPortal {
  constructor(
    readonly lesson: string,
    private readonly csrf: string,
  ) {}

  /** JSON, or null for an answer without. */
  async get(path: string): Promise<unknown> {
    return json(await this.#call(path, { method: 'GET' }));
  }

  async getBytes(path: string): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly version: number }> {
    const answer = await this.#call(path, { method: 'GET' });
    try {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return { bytes, version: Number(answer.headers.get('X-Version') ?? 0) };
    } catch (error) {
      throw unreachable(error);
    }
  }

  async post(path: string, body: unknown = {}): Promise<unknown> {
    const headers = { 'Content-Type': 'application/json' };
    return json(await this.#call(path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async postBytes(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
    const headers = { 'Content-Type': 'application/octet-stream' };
    // Small bodies are sent to their end even when the page is left meanwhile; browsers allow no more.
    const keepalive = bytes.length < KEPT_ALIVE_BYTES;
    return json(await this.#call(path, { method: 'POST', headers, body: bytes, keepalive }));
  }

  async #call(path: string, init: RequestInit): Promise<Response> {
    const url = `/api/recordings/${encodeURIComponent(this.lesson)}${path}`;
    const headers = { Accept: 'application/json', 'X-CSRF-Token': this.csrf, ...init.headers };
    let response: Response;
    try {
      response = await fetch(url, { cache: 'no-store', credentials: 'same-origin', ...init, headers });
    } catch (error) {
      throw unreachable(error);
    }
    if (!response.ok) {
      const { error, message } = fieldsOf(await json(response));
      throw new PortalError(
        response.status,
        typeof error === 'string' ? error : 'failed',
        typeof message === 'string' && message
          ? message
          : t('The server refused this ({status}).', { status: response.status }),
      );
    }
    return response;
  }
}

const KEPT_ALIVE_BYTES = 60_000;

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object; none for anything else. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A proxy's own page is no JSON: the status says enough.
    return null;
  }
}

function unreachable(error: unknown): Error {
  return error instanceof TypeError
    ? new PortalError(0, 'unreachable', t('The server does not answer. Check the connection and try again.'))
    : (error as Error);
}
