/** Pictures kept on this device: one IndexedDB database for each room and user, shared by that user's tabs. */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import { ASSET_LIMITS, type AssetId } from '../core/assets';
import type { Bytes } from '../core/bytes';

interface Row {
  readonly asset: AssetId;
  readonly data: Bytes;
  readonly bytes: number;
  /** When it was last put, unix ms: the oldest go first. */
  readonly at: number;
  /** 1: the server does not hold it yet, so it must not go. */
  readonly unsaved: 0 | 1;
}

interface Schema extends DBSchema {
  assets: { key: string; value: Row; indexes: { at: number; unsaved: number } };
}

export class AssetStore {
  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly name: string,
  ) {}

  static async open(room: string, user: string): Promise<AssetStore> {
    const name = `chalkmesh-assets/${room}/${user}`;
    const db = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        const assets = fresh.createObjectStore('assets', { keyPath: 'asset' });
        assets.createIndex('at', 'at');
        assets.createIndex('unsaved', 'unsaved');
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new AssetStore(db, name);
  }

  async get(asset: AssetId): Promise<Bytes | null> {
    return (await this.db.get('assets', asset))?.data ?? null;
  }

  /** What the server does not hold yet, of this page and of earlier ones. */
  async unsaved(): Promise<readonly AssetId[]> {
    return (await this.db.getAllKeysFromIndex('assets', 'unsaved', 1)) as AssetId[];
  }

  /** Keeps at most as much as a room may hold; the oldest that the server has too go first. */
  async put(asset: AssetId, data: Bytes, saved: boolean): Promise<void> {
    const tx = this.db.transaction('assets', 'readwrite');
    const known = await tx.store.get(asset);
    const unsaved = saved || known?.unsaved === 0 ? 0 : 1;
    await tx.store.put({ asset, data: data.slice(), bytes: data.length, at: Date.now(), unsaved });
    let bytes = 0;
    for await (const { value } of tx.store.index('at').iterate(null, 'prev')) {
      bytes += value.bytes;
      if (bytes > ASSET_LIMITS.room_bytes && value.unsaved === 0) await tx.store.delete(value.asset);
    }
    await tx.done;
  }

  async saved(asset: AssetId): Promise<void> {
    const tx = this.db.transaction('assets', 'readwrite');
    const row = await tx.store.get(asset);
    if (row !== undefined) await tx.store.put({ ...row, unsaved: 0 });
    await tx.done;
  }

  close(): void {
    this.db.close();
  }

  async clear(): Promise<void> {
    this.db.close();
    await deleteDB(this.name);
  }
}
