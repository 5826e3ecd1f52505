/** Small stand-ins for the data packages: the same layout, drawings made from a seed. */

import { encode } from "fast-png";
import { stream } from "../../../methods/tensor/random.ts";
import type { TreeReader } from "../../../pipeline/types.ts";
import { memoryTree } from "../common/memory.ts";

interface Emoji {
  readonly hexcode: string;
  readonly label: string;
  readonly tags: string[];
  readonly group: number;
  /** Emoji of one look are drawn with little difference; by default each has its own. */
  readonly look?: string;
}

const GROUPS = ["smileys-emotion", "people-body", "component", "animals-nature", "flags"];
const WORDS = ["red", "blue", "happy", "sad", "big", "tiny", "old", "new", "round", "flat"];
const NOUNS = ["face", "person", "part", "beast", "banner"];

function emoji(): Emoji[] {
  const list: Emoji[] = [];
  let point = 0x1f600;
  for (const group of [0, 3]) {
    for (const first of WORDS) {
      for (const second of WORDS.slice(0, 3)) {
        const label = `${first} ${second} ${NOUNS[group]}`;
        list.push({
          hexcode: (point++).toString(16).toUpperCase(),
          label,
          tags: [first, second, NOUNS[group], `${first}ish`, "drawing", `${second} thing`],
          group,
        });
      }
    }
  }
  const roles = ["2695", "1F33E", "1F373", "1F393", "1F3A4", "1F3ED", "1F4BB", "1F680", "1F692"];
  for (const [i, role] of roles.entries()) {
    for (const [who, adult] of [["1F9D1", ""], ["1F468", "man "], ["1F469", "woman "]]) {
      list.push({
        hexcode: `${who}-200D-${role}${role === "2695" ? "-FE0F" : ""}`,
        label: `${adult}${WORDS[i]} worker`,
        tags: ["worker", WORDS[i], "job"],
        group: 1,
      });
    }
  }
  // Two names for one picture, and two concepts that look nearly alike.
  list.push({ hexcode: "1F315", label: "full moon", tags: [], group: 3, look: "disc" });
  list.push({ hexcode: "1F7E1", label: "yellow circle", tags: [], group: 0, look: "disc" });
  list.push({ hexcode: "1F3FB", label: "light skin tone", tags: [], group: 2 });
  list.push({ hexcode: "1F1E6-1F1E8", label: "flag: ascension", tags: [], group: 4 });
  return list;
}

/** Which emoji, if any, a vendor's package lacks. */
export interface PackageFaults {
  readonly missing?: { readonly vendor: string; readonly share: number };
  readonly damaged?: { readonly vendor: string; readonly hexcode: string };
}

/** Inputs for `prepare_data`. */
export function emojiPackages(faults: PackageFaults = {}): Record<
  "captions" | "google" | "twitter" | "openmoji",
  TreeReader
> {
  const list = emoji();
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const entries = list.map((one, order) => ({
    hexcode: one.hexcode,
    label: one.label,
    tags: one.tags,
    group: one.group,
    order,
    skins: one.group === 1 && !one.hexcode.includes("FE0F")
      ? ["1F3FB", "1F3FF"].map((tone) => ({
        hexcode: one.hexcode.replace("-200D", `-${tone}-200D`),
        label: `${one.label}: tone ${tone}`,
        group: 1,
      }))
      : [],
  }));
  const captions = memoryTree(
    new Map([
      ["en/data.json", text(entries)],
      ["meta/groups.json", text({ groups: Object.fromEntries(GROUPS.entries()) })],
    ]),
  );
  const drawn = entries.flatMap((entry, i) =>
    [entry, ...entry.skins].map(({ hexcode }) => ({ hexcode, look: list[i].look ?? hexcode }))
  );
  const vendor = (name: string, path: (hexcode: string) => string) => {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    drawn.forEach(({ hexcode, look }, i) => {
      if (faults.missing?.vendor === name && i < faults.missing.share * drawn.length) return;
      const damaged = faults.damaged?.vendor === name && faults.damaged.hexcode === hexcode;
      const bytes = damaged
        ? new Uint8Array([1, 2, 3])
        : name === "openmoji"
        ? drawSvg(look, i)
        : drawPng(name, look, i);
      files.set(path(hexcode), bytes);
    });
    return memoryTree(files);
  };
  return {
    captions,
    google: vendor("google", (hexcode) => `img/google/64/${hexcode.toLowerCase()}.png`),
    twitter: vendor("twitter", (hexcode) => `img/twitter/64/${hexcode.toLowerCase()}.png`),
    openmoji: vendor("openmoji", (hexcode) => `color/svg/${hexcode.replaceAll("-FE0F", "")}.svg`),
  };
}

/** 8×8 blocks of random colours; `nudge` makes pictures of one look differ by a grey level or so. */
function drawPng(vendor: string, look: string, nudge: number): Uint8Array<ArrayBuffer> {
  const random = stream(7, vendor, look);
  const blocks = Array.from({ length: 64 }, () => [0, 1, 2].map(() => random.nextInteger(3, 250)));
  const data = new Uint8Array(64 * 64 * 4);
  for (let i = 0; i < 64 * 64; i++) {
    const block = blocks[Math.floor(i / 512) * 8 + Math.floor(i % 64 / 8)];
    data.set([...block.map((v) => v + (vendor === "google" ? 0 : nudge % 5)), 255], i * 4);
  }
  return new Uint8Array(encode({ width: 64, height: 64, data, channels: 4, depth: 8 }));
}

function drawSvg(look: string, nudge: number): Uint8Array<ArrayBuffer> {
  const random = stream(7, "openmoji", look);
  const shapes = Array.from({ length: 12 }, () => {
    const [x, y, r, g, b] = [60, 60, 250, 250, 250].map((limit) => random.nextInteger(4, limit));
    return `<circle cx="${x}" cy="${y}" r="14" fill="rgb(${r},${g},${b + nudge % 5})"/>`;
  });
  return new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">${shapes.join("")}</svg>`,
  );
}
