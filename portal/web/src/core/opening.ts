/**
 * A whole document as it comes from the relay or from our own store, read into Yjs. What Yjs itself does, but that its reader
 * makes a view and asks the browser's decoder for each of some 60,000 short strings of a full board, two thirds of which are
 * the same two words, and copies each stroke's bytes into memory of its own.
 */
import { applyUpdateV2, type Doc, UpdateDecoderV1 } from 'yjs';
import { SameText } from './bytes';
import { malformed } from './errors';

/** A power of two, so that neighbours in it are found without a division. */
const SLOTS = 16;

class OpeningDecoder extends UpdateDecoderV1 {
  private readonly texts = Array.from({ length: SLOTS }, () => new SameText());

  override readString(): string {
    return this.text();
  }

  override readKey(): string {
    return this.text();
  }

  /** A view: the document's bytes are kept as they came, in one piece. */
  override readBuf(): Uint8Array {
    const length = this.length();
    const { arr, pos } = this.restDecoder;
    return arr.subarray(pos - length, pos);
  }

  private text(): string {
    const length = this.length();
    const { arr, pos } = this.restDecoder;
    const slot = this.texts[(length + (arr[pos - 1] ?? 0)) & (SLOTS - 1)];
    return slot?.decode(arr, pos - length, pos) ?? '';
  }

  /** Of what comes next, of which the end is gone to at once. */
  private length(): number {
    const decoder = this.restDecoder;
    const { arr } = decoder;
    let [length, scale, byte] = [0, 1, 128];
    for (; byte > 127; scale *= 128) {
      byte = arr[decoder.pos] ?? 0;
      decoder.pos += 1;
      length += (byte & 127) * scale;
    }
    if (length > arr.length - decoder.pos) throw malformed('ends early');
    decoder.pos += length;
    return length;
  }
}

/**
 * Applies an update in the first format of Yjs, of which `update` was found well-formed (core/yupdate), and of which the
 * document keeps parts: nobody may write into its bytes. Raises ProtocolError.
 */
export function openUpdate(doc: Doc, update: Uint8Array, origin: unknown): void {
  applyUpdateV2(doc, update, origin, OpeningDecoder);
}
