/** A browser's localStorage and locks, and how a page of it dies. */
import type { Device } from '../../src/net/recovery';

export class MemoryStorage {
  readonly values = new Map<string, string>();
  /** Characters that it takes; `setItem` throws beyond. */
  quota = Number.POSITIVE_INFINITY;
  writes = 0;

  get length(): number {
    return this.values.size;
  }

  key(index: number): string | null {
    return [...this.values.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.writes += 1;
    if (value.length > this.quota) throw new DOMException('no space', 'QuotaExceededError');
    this.values.set(key, value);
  }

  removeItem(key: string): void {
    this.values.delete(key);
  }
}

type Work = () => Promise<unknown>;

/** Exclusive locks by name, first come first served. */
export class MemoryLocks {
  private readonly queues = new Map<string, { run: () => void; leave: () => void }[]>();

  request(name: string, ...rest: [Work] | [{ signal?: AbortSignal }, Work]): Promise<unknown> {
    const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    return new Promise((resolve, reject) => {
      const entry = {
        leave: () => {
          queue.splice(queue.indexOf(entry), 1);
          queue[0]?.run();
        },
        run: () => {
          entry.run = () => undefined;
          // Like the browser's: granted in a later task, so that whoever asks is told of it.
          void Promise.resolve().then(work).then(resolve, reject).finally(entry.leave);
        },
      };
      options.signal?.addEventListener('abort', () => {
        if (queue.indexOf(entry) > 0) entry.leave();
        reject(options.signal?.reason);
      });
      queue.push(entry);
      if (queue[0] === entry) entry.run();
    });
  }

  /** The page that holds this lock is killed. */
  kill(name: string): void {
    this.queues.get(name)?.[0]?.leave();
  }
}

export class MemoryDevice {
  readonly storage = new MemoryStorage();
  readonly memoryLocks = new MemoryLocks();
  readonly locks = this.memoryLocks as unknown as Device['locks'];
}
