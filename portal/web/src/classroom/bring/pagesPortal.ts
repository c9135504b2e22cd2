/** The portal's half of bringing in pages: what the class has, opening a PDF, its pages as pictures. */

import { PortalError } from '../../net/portal';
import { phrase, t } from '../../ui/i18n';
import { type PageFrame, readFrames } from './frames';

export interface Material {
  readonly id: string;
  readonly title: string;
  readonly kind: 'pdf' | 'png' | 'jpeg';
  readonly size_bytes: number;
}

/** A PDF that the portal has read. */
export interface OpenedPdf {
  readonly import: string;
  readonly pages: number;
  /** Pages that can be brought in at once. */
  readonly most: number;
}

/** What is asked of the portal here; tests have one of their own. All raise PortalError, whose message is for people. */
export interface PagesPortal {
  materials(): Promise<readonly Material[]>;
  picture(material: Material): Promise<File>;
  openMaterial(material: Material): Promise<OpenedPdf>;
  openFile(file: File, signal: AbortSignal): Promise<OpenedPdf>;
  pages(
    pdf: OpenedPdf,
    numbers: readonly number[],
    size: 'thumbnail' | 'sheet',
    signal: AbortSignal,
  ): AsyncGenerator<PageFrame, void, undefined>;
}

const UNREACHABLE = phrase('The server does not answer. Check the connection and try again.');

export class HttpPagesPortal implements PagesPortal {
  constructor(
    private readonly lesson: string,
    private readonly csrf: string,
  ) {}

  async materials(): Promise<readonly Material[]> {
    const answer = await this.ask('/materials', {});
    return ((await answer.json()) as { materials: readonly Material[] }).materials;
  }

  async picture(material: Material): Promise<File> {
    const answer = await this.ask(`/materials/${encodeURIComponent(material.id)}`, {});
    return new File([await answer.blob()], material.title, { type: `image/${material.kind}` });
  }

  async openMaterial(material: Material): Promise<OpenedPdf> {
    const answer = await this.ask(`/materials/${encodeURIComponent(material.id)}/open`, { method: 'POST' });
    return (await answer.json()) as OpenedPdf;
  }

  async openFile(file: File, signal: AbortSignal): Promise<OpenedPdf> {
    const headers = { 'Content-Type': 'application/pdf' };
    const answer = await this.ask('/imports', { method: 'POST', body: file, headers, signal });
    return (await answer.json()) as OpenedPdf;
  }

  async *pages(
    pdf: OpenedPdf,
    numbers: readonly number[],
    size: 'thumbnail' | 'sheet',
    signal: AbortSignal,
  ): AsyncGenerator<PageFrame, void, undefined> {
    const query = `numbers=${numbers.join(',')}&size=${size}`;
    const answer = await this.ask(`/imports/${encodeURIComponent(pdf.import)}/pages?${query}`, { signal });
    if (answer.body) {
      yield* readFrames(answer.body);
    }
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const url = `/api/lessons/${encodeURIComponent(this.lesson)}${path}`;
    const headers = { ...init.headers, 'X-CSRF-Token': this.csrf };
    let answer: Response;
    try {
      answer = await fetch(url, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw new PortalError(0, 'unreachable', t(UNREACHABLE));
    }
    if (!answer.ok) {
      throw await refusal(answer);
    }
    return answer;
  }
}

async function refusal(answer: Response): Promise<PortalError> {
  let content: unknown = null;
  try {
    content = await answer.json();
  } catch {
    // A proxy's own page is no JSON: the status says enough.
  }
  const { error, message } = (typeof content === 'object' && content !== null ? content : {}) as Record<
    string,
    unknown
  >;
  return new PortalError(
    answer.status,
    typeof error === 'string' ? error : 'failed',
    typeof message === 'string' && message !== ''
      ? message
      : t('The server refused this ({status}).', { status: answer.status }),
  );
}
