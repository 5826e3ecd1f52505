/**
 * SentencePiece's map of characters: strings of bytes and what they are replaced by, as the double-array
 * trie that its model files hold (Aoe 1989; the layout of the darts-clone library).
 */

/** Replaces, from left to right, the longest string that the map knows; other characters stay. */
export type Charsmap = (text: string) => string;

/** Layout of a unit of the trie, a 32-bit word. */
const LABEL = 0x800000ff;
const labelOf = (unit: number) => (unit & LABEL) >>> 0;
const hasLeaf = (unit: number) => (unit >>> 8 & 1) === 1;
const valueOf = (unit: number) => unit & 0x7fffffff;
const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** Bytes of the UTF-8 character that begins with a byte. */
const lengthOf = (first: number) => first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

/**
 * Reads a map: the size of the trie in bytes (little-endian), the trie, the replacements, each ended by
 * a zero byte.
 *
 * @throws Error for bytes that are no such map.
 */
export function readCharsmap(bytes: Uint8Array): Charsmap {
  if (bytes.length === 0) return (text) => text;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (size === 0 || size % 4 !== 0 || 4 + size > bytes.length) {
    throw new Error(`the map of characters is damaged: a trie of ${size} bytes`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const strings = bytes.subarray(4 + size);

  /** Length and value of the longest string of the trie at a place, or null. */
  const longest = (text: Uint8Array, start: number): { length: number; value: number } | null => {
    let node = offsetOf(units[0]), found: { length: number; value: number } | null = null;
    for (let i = start; i < text.length; i++) {
      node ^= text[i];
      if (node >= units.length || labelOf(units[node]) !== text[i]) break;
      const unit = units[node];
      node ^= offsetOf(unit);
      if (node >= units.length) break;
      if (hasLeaf(unit)) found = { length: i + 1 - start, value: valueOf(units[node]) };
    }
    return found;
  };

  const encoder = new TextEncoder(), decoder = new TextDecoder();
  return (text) => {
    const source = encoder.encode(text), parts: Uint8Array[] = [];
    for (let at = 0; at < source.length;) {
      const match = longest(source, at);
      if (match === null) {
        const next = at + lengthOf(source[at]);
        parts.push(source.subarray(at, next));
        at = next;
      } else {
        const end = strings.indexOf(0, match.value);
        parts.push(strings.subarray(match.value, end < 0 ? strings.length : end));
        at += match.length;
      }
    }
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return decoder.decode(joined);
  };
}
