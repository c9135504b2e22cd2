/** The little of WebM (Matroska, RFC 9559) that playing a growing file needs: where clusters begin and when. Pure. */

export interface ClusterAt {
  /** Byte of the cluster's id. */
  readonly offset: number;
  /** Its timestamp, ms of file time (the recorder's timestamp scale is 1 ms). */
  readonly t_ms: number;
}

const CLUSTER = [0x1f, 0x43, 0xb6, 0x75] as const;
const TIMESTAMP = 0xe7;
/** Id, longest size, timestamp id, its size, longest timestamp: a cluster is recognised only when all of it is there. */
const CLUSTER_HEAD_BYTES = 4 + 8 + 1 + 1 + 8;

/** The first cluster at or after `from`, or null. Four bytes alone could be picture data, so its head is checked too. */
export function findCluster(bytes: Uint8Array, from = 0): ClusterAt | null {
  for (let at = bytes.indexOf(CLUSTER[0], from); at >= 0; at = bytes.indexOf(CLUSTER[0], at + 1)) {
    if (at + CLUSTER_HEAD_BYTES > bytes.length) {
      return null;
    }
    const t_ms = clusterTime(bytes, at);
    if (t_ms !== null) {
      return { offset: at, t_ms };
    }
  }
  return null;
}

function clusterTime(bytes: Uint8Array, at: number): number | null {
  if (CLUSTER.some((byte, i) => bytes[at + i] !== byte)) {
    return null;
  }
  const sizeBytes = Math.clz32(bytes[at + 4] ?? 0) - 23;
  if (sizeBytes > 8) {
    return null;
  }
  const timestamp = at + 4 + sizeBytes;
  const length = (bytes[timestamp + 1] ?? 0) & 0x7f;
  if (bytes[timestamp] !== TIMESTAMP || length < 1 || length > 8) {
    return null;
  }
  let t_ms = 0;
  for (let i = 0; i < length; i += 1) {
    t_ms = t_ms * 256 + (bytes[timestamp + 2 + i] ?? 0);
  }
  return t_ms;
}
