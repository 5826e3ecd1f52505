/** Seeded damage to archives: from single bits to headers that lie with the right checksum. */

import { encoder } from "./bag_rig.ts";
import { fixChecksum, join } from "./raw_tar.ts";

/** Numbers from 0 to `below` - 1, the same for the same seed. */
export type Random = (below: number) => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = state + 0x6d2b79f5 >>> 0;
    let x = Math.imul(state ^ state >>> 15, state | 1);
    x ^= x + Math.imul(x ^ x >>> 7, x | 61);
    return ((x ^ x >>> 14) >>> 0) % below;
  };
}

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Offsets, lengths of a header's fields. */
const FIELDS = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [265, 32],
  [297, 32],
  [329, 8],
  [337, 8],
  [345, 155],
  [500, 12],
] as const;

const TEXTS = [
  "",
  "../",
  "/",
  "bag/data/a",
  "bag/../x",
  "bag/",
  "0",
  "1",
  "2",
  "5",
  "x",
  "g",
  "L",
  "\0",
  "00000000000\0",
  "00000000001\0",
  "77777777777\0",
  "777777777777",
  "-1",
  "        ",
  "99999999999",
  "ustar  \0",
  "\u00ff",
  "data/",
  "manifest-sha256.txt",
  "%",
  "\r\n",
  "\ufeff",
];

function somewhere(bytes: Uint8Array, random: Random): number {
  return bytes.length === 0 ? 0 : random(bytes.length);
}

function blockAt(bytes: Uint8Array, random: Random): number {
  return 512 * random(Math.max(1, Math.floor(bytes.length / 512)));
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  return join(bytes.subarray(0, at), insert, bytes.subarray(at + remove));
}

function put(bytes: Uint8Array, at: number, text: Uint8Array): void {
  bytes.set(text.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
}

function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** Where headers lie, as far as the marks of ustar tell. */
function headers(bytes: Uint8Array): number[] {
  const found = [];
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes[at + 257] === 0x75 && bytes[at + 258] === 0x73) found.push(at);
  }
  return found;
}

/** Changes a header; its checksum is right afterwards. */
function editHeader(
  bytes: Uint8Array,
  random: Random,
  edit: (h: Uint8Array) => void,
): Uint8Array {
  const places = headers(bytes);
  if (places.length === 0) return bytes;
  const at = places[random(places.length)];
  const header = bytes.subarray(at, at + 512);
  edit(header);
  fixChecksum(header);
  return bytes;
}

/** Each may change what it is given, or return something else. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  bit(bytes, random) {
    bytes[somewhere(bytes, random)] ^= 1 << random(8);
    return bytes;
  },
  bits(bytes, random) {
    for (let i = random(20); i >= 0; i--) bytes[somewhere(bytes, random)] ^= 1 << random(8);
    return bytes;
  },
  byte(bytes, random) {
    bytes[somewhere(bytes, random)] = random(256);
    return bytes;
  },
  cut: (bytes, random) => bytes.slice(0, somewhere(bytes, random)),
  cutAtBlock: (bytes, random) => bytes.slice(0, blockAt(bytes, random)),
  cutInFront: (bytes, random) => bytes.slice(blockAt(bytes, random)),
  append: (bytes, random) => join(bytes, noise(random, 1 + random(600))),
  appendZeros: (bytes, random) => join(bytes, new Uint8Array(512 * (1 + random(20)))),
  swapBlocks(bytes, random) {
    const [a, b] = [blockAt(bytes, random), blockAt(bytes, random)];
    const block = bytes.slice(a, a + 512);
    bytes.set(bytes.slice(b, b + 512), a);
    bytes.set(block, b);
    return bytes;
  },
  doubleBlocks(bytes, random) {
    const from = blockAt(bytes, random);
    return splice(
      bytes,
      blockAt(bytes, random),
      0,
      bytes.slice(from, from + 512 * (1 + random(4))),
    );
  },
  removeBlocks: (bytes, random) =>
    splice(bytes, blockAt(bytes, random), 512 * (1 + random(4)), new Uint8Array()),
  moveBlocks(bytes, random) {
    const from = blockAt(bytes, random);
    const length = 512 * (1 + random(4));
    const moved = bytes.slice(from, from + length);
    const rest = splice(bytes, from, length, new Uint8Array());
    return splice(rest, blockAt(rest, random), 0, moved);
  },
  insertBlock: (bytes, random) =>
    splice(
      bytes,
      blockAt(bytes, random),
      0,
      random(2) === 0 ? new Uint8Array(512) : noise(random, 512),
    ),
  removeBytes: (bytes, random) =>
    splice(bytes, somewhere(bytes, random), 1 + random(64), new Uint8Array()),
  insertBytes: (bytes, random) =>
    splice(bytes, somewhere(bytes, random), 0, noise(random, 1 + random(64))),
  text(bytes, random) {
    put(bytes, somewhere(bytes, random), encoder.encode(TEXTS[random(TEXTS.length)]));
    return bytes;
  },
  headerText: (bytes, random) =>
    editHeader(bytes, random, (header) => {
      const [at, length] = FIELDS[random(FIELDS.length)];
      const text = encoder.encode(TEXTS[random(TEXTS.length)]).subarray(0, length);
      if (random(2) === 0) header.fill(0, at, at + length);
      header.set(text, at);
    }),
  headerNoise: (bytes, random) =>
    editHeader(bytes, random, (header) => {
      const [at, length] = FIELDS[random(FIELDS.length)];
      header[at + random(length)] = random(256);
    }),
  headerNumber: (bytes, random) =>
    editHeader(bytes, random, (header) => {
      const [at, length] = FIELDS[[1, 2, 3, 4, 5, 11, 12][random(7)]];
      const value = [0, 1, 511, 512, 513, 8 ** 11 - 1, random(10_000)][random(7)];
      header.set(encoder.encode(value.toString(8).padStart(length - 1, "0").slice(-length)), at);
    }),
  headerType: (bytes, random) =>
    editHeader(
      bytes,
      random,
      (header) => void (header[156] = random(4) === 0 ? random(256) : 48 + random(8)),
    ),
  swapNames(bytes, random) {
    const places = headers(bytes);
    if (places.length === 0) return bytes;
    const [a, b] = [places[random(places.length)], places[random(places.length)]];
    const name = bytes.slice(a, a + 100);
    bytes.set(bytes.slice(b, b + 100), a);
    bytes.set(name, b);
    for (const at of [a, b]) fixChecksum(bytes.subarray(at, at + 512));
    return bytes;
  },
  line(bytes, random) {
    const at = bytes.indexOf(10, somewhere(bytes, random));
    const end = bytes.indexOf(10, at + 1);
    if (at === -1 || end === -1) return bytes;
    const line = bytes.slice(at + 1, end + 1);
    // Twice, or not at all: what follows moves.
    return random(2) === 0
      ? splice(bytes, end + 1, 0, line)
      : splice(bytes, at + 1, line.length, new Uint8Array());
  },
};

const NAMES = Object.keys(MUTATIONS);

/** One to three mutations, told by their names. */
export function mutate(bytes: Uint8Array, random: Random): { bytes: Uint8Array; names: string[] } {
  const names = Array.from({ length: 1 + random(3) }, () => NAMES[random(NAMES.length)]);
  let mutant: Uint8Array = bytes.slice();
  for (const name of names) mutant = MUTATIONS[name](mutant, random);
  return { bytes: mutant, names };
}
