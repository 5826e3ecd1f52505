/** Seeded bags by a hostile but careful hand: checksums are right, digests mostly, the rest may lie. */

import type { Random } from "./bag_mutations.ts";
import { sha256 } from "./bag_rig.ts";
import { bagMembers, bytesOf, type RawBag, type RawMember } from "./raw_tar.ts";

const PATHS = [
  "a",
  "b",
  "A",
  "a/b",
  "a/c",
  "A/b",
  "c.txt",
  "grün",
  "gru\u0308n",
  "d/e/f/g",
  "..",
  "../canary",
  "../../canary",
  "d/../../../canary",
  "/canary",
  "~",
  "nul",
  "x\\y",
  "100%",
  "x".repeat(240),
  `${"y".repeat(90)}/${"z".repeat(90)}`,
];
const NAMES = [
  "bag",
  "bag/",
  "bag/data",
  "bag/data/",
  "canary",
  "./bag/x",
  "bag/bagit.txt",
  "other/x",
];
const CONTENTS = [
  "",
  "x",
  "hello",
  "x".repeat(511),
  "x".repeat(512),
  "x".repeat(513),
  "\0".repeat(1024),
];
const TYPES = ["0", "0", "5", "1", "2", "x", "g", "L", "\0", "S"];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)];
}

/** A line of a text changed: doubled, dropped, moved, cut, or put in other case. */
function editText(text: string, random: Random): string {
  const lines = text.split("\n");
  const at = random(lines.length);
  switch (random(7)) {
    case 0:
      lines.splice(at, 0, lines[at]);
      break;
    case 1:
      lines.splice(at, 1);
      break;
    case 2:
      lines.push(lines.splice(at, 1)[0]);
      break;
    case 3:
      lines[at] = lines[at].slice(0, random(lines[at].length + 1));
      break;
    case 4:
      lines[at] = lines[at].toUpperCase();
      break;
    case 5:
      lines.splice(at, 0, `${sha256("")}  ${pick(random, ["data/", ""])}${pick(random, PATHS)}`);
      break;
    default:
      lines[at] = lines[at].replace("data/", pick(random, ["", "data//", "data/../", "/", "%"]));
  }
  return lines.join("\n");
}

const EDITS: Record<string, (members: RawMember[], random: Random) => void> = {
  swap(members, random) {
    const [a, b] = [random(members.length), random(members.length)];
    [members[a], members[b]] = [members[b], members[a]];
  },
  double(members, random) {
    members.splice(random(members.length + 1), 0, pick(random, members));
  },
  drop(members, random) {
    members.splice(random(members.length), 1);
  },
  rename: (members, random) => change(members, random, { name: pick(random, NAMES) }),
  renamePayload: (members, random) =>
    change(members, random, { name: `bag/data/${pick(random, PATHS)}`.slice(0, 100) }),
  retype: (members, random) => change(members, random, { type: pick(random, TYPES), link: "x" }),
  link: (members, random) => change(members, random, { link: "../canary" }),
  folder(members, random) {
    const name = pick(random, ["bag/data/", "bag/", "bag/data/a/", "bag/data/d/", "bag/empty/"]);
    members.splice(random(members.length + 1), 0, { name, type: "5" });
  },
  content: (members, random) => change(members, random, { content: pick(random, CONTENTS) }),
  size: (members, random) =>
    change(members, random, { size: pick(random, [0, 1, 5, 512, 1e6, 8 ** 11 - 1]) }),
  paxName: (members, random) =>
    change(members, random, { pax: [["path", `bag/data/${pick(random, PATHS)}`]] }),
  paxSize: (members, random) =>
    change(members, random, {
      pax: [["size", pick(random, ["0", "5", "-1", "512", "1e3", "9999999999"])]],
    }),
  paxHarmless: (members, random) =>
    change(members, random, { pax: [["mtime", "1.5"], ["uname", "me"]] }),
  paxOther: (members, random) =>
    change(members, random, {
      pax: pick(random, ["", "x", "5 a=\n", "6 a=b\n", "12 linkpath=\n"]),
    }),
  filler: (members, random) => change(members, random, { filler: random(2) }),
};

function change(members: RawMember[], random: Random, edit: Partial<RawMember>): void {
  if (members.length === 0) return;
  const at = random(members.length);
  members[at] = { ...members[at], ...edit };
}

const EDIT_NAMES = Object.keys(EDITS);

/** A bag that is right, or wrong in up to three ways, told by their names. */
export function forge(random: Random): { members: RawMember[]; names: string[] } {
  const payload: Record<string, string> = {};
  // Most bags have no hostile name, so that the other lies come to be looked at.
  const paths = random(3) === 0 ? PATHS.length : 2;
  for (let i = random(5); i > 0; i--) {
    payload[pick(random, PATHS.slice(0, paths))] = pick(random, CONTENTS);
  }
  const names = [];
  let bag: RawBag = { payload };
  if (random(4) === 0) {
    names.push("manifest");
    bag = { ...bag, manifest: (right) => editText(right, random) };
  }
  if (random(8) === 0) {
    names.push("tag manifest");
    bag = { ...bag, tagManifest: (right) => editText(right, random) };
  }
  if (random(8) === 0) {
    names.push("info");
    bag = { ...bag, info: editText("Payload-Oxum: 5.1\nA: b\n", random) };
  }
  const members = bagMembers(bag).map(inFields);
  for (let i = random(4); i > 0; i--) {
    const name = pick(random, EDIT_NAMES);
    names.push(name);
    if (members.length > 0) EDITS[name](members, random);
  }
  return { members, names };
}

/** A long name goes into a pax header. */
function inFields(member: RawMember): RawMember {
  return bytesOf(member.name).length <= 100
    ? member
    : { ...member, name: "long", pax: [["path", member.name as string]] };
}

/** What these members give, when they are taken at all: files with their folders. */
export function treeOfMembers(members: readonly RawMember[]): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const { name, pax, type, content } of members) {
    const records = typeof pax === "object" && !(pax instanceof Uint8Array) ? pax : [];
    const path = records.find(([key]) => key === "path")?.[1] ?? name as string;
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      tree[path.slice(0, at + 1)] = "";
    }
    if (type === "5") tree[path.endsWith("/") ? path : `${path}/`] = "";
    else tree[path] = new TextDecoder("latin1").decode(bytesOf(content ?? ""));
  }
  tree["bag/data/"] = "";
  return tree;
}
