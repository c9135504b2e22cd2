import { signal } from '@preact/signals';
import type { Bytes } from '../../core/bytes';
import { PortalError } from '../../net/portal';
import { fieldsOf, numberOf, type RecordingPortal } from '../portalCalls';

/** `saving`: there is work that the portal does not have yet; `offline`: and it cannot be reached. */
export type KeptState = 'saved' | 'saving' | 'offline' | 'refused';

/** What the keeper needs of the board. */
export interface KeptWork {
  work(): Bytes;
  take(work: Bytes): void;
}

const SOON_MS = 800;
const AGAIN_MS = 4_000;
/** Two windows on one board meet at most a few times in a row. */
const MOST_MEETINGS = 5;

/** Keeps a board's work on the portal: some moments after each change, and again until it is there. */
export class Keeper {
  readonly state = signal<KeptState>('saved');
  readonly failure = signal('');
  #version: number;
  /** Counts changes, and which of them the portal has. */
  #changes = 0;
  #kept = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(
    private readonly path: string,
    private readonly portal: Pick<RecordingPortal, 'getBytes' | 'postBytes'>,
    private readonly board: KeptWork,
    version: number,
  ) {
    this.#version = version;
  }

  get version(): number {
    return this.#version;
  }

  get isSaved(): boolean {
    return this.#kept === this.#changes;
  }

  /** The owner did something. */
  changed(): void {
    this.#changes += 1;
    if (this.state.peek() === 'saved') {
      this.state.value = 'saving';
    }
    this.#later(SOON_MS);
  }

  /** Saves now; resolves once the portal has everything, or has said why not. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    if (!this.isSaved && !this.#isClosed) {
      this.#running = this.#save();
      await this.#running;
      this.#running = null;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #later(delay_ms: number): void {
    if (this.#isClosed) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delay_ms);
  }

  async #save(): Promise<void> {
    for (let meeting = 0; meeting < MOST_MEETINGS; meeting += 1) {
      const upTo = this.#changes;
      try {
        const answer = await this.portal.postBytes(`${this.path}/work?version=${this.#version}`, this.board.work());
        this.#version = numberOf(fieldsOf(answer).version);
        this.#kept = upTo;
        this.failure.value = '';
        this.state.value = this.isSaved ? 'saved' : 'saving';
        if (!this.isSaved) {
          this.#later(SOON_MS);
        }
        return;
      } catch (error) {
        if (!(error instanceof PortalError) || !(await this.#meet(error))) {
          throw error;
        }
        if (this.state.peek() === 'offline' || this.state.peek() === 'refused') {
          return;
        }
      }
    }
    this.#later(AGAIN_MS);
  }

  /** Deals with a refusal; false for what is none of its business. */
  async #meet(error: PortalError): Promise<boolean> {
    if (error.unreachable) {
      this.state.value = 'offline';
      this.#later(AGAIN_MS);
      return true;
    }
    if (error.code === 'changed') {
      // Another window saved: both windows' work goes on as one.
      try {
        const { bytes, version } = await this.portal.getBytes(`${this.path}/work`);
        this.board.take(bytes);
        this.#version = version;
        this.state.value = 'saving';
      } catch (failure) {
        if (!(failure instanceof PortalError)) {
          throw failure;
        }
        this.state.value = 'offline';
        this.#later(AGAIN_MS);
      }
      return true;
    }
    this.failure.value = error.message;
    this.state.value = 'refused';
    return true;
  }
}
