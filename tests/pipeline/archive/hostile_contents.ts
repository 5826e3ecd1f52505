/** Archives that ask for too much, or whose text files lie, each with the line that refuses it. */

import { bag, gzip, type HostileCase, instead, NONE, plus, whole } from "./hostile_kit.ts";
import { bagMembers, bytesOf, join, rawTar } from "./raw_tar.ts";

export const LIMITS: HostileCase[] = [
  [
    "too many members",
    bag({ payload: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}`, ""])) }),
    /more than 20 members/,
    { members: 20 },
  ],
  ["a member too large", whole, /over the limit of 4 bytes/, { memberBytes: 4 }],
  ["members too large together", whole, /over the limit of 60 bytes/, { totalBytes: 60 }],
  ["a manifest too large", whole, /manifest-sha256\.txt: it has 241 bytes, over the limit of 76/, {
    manifestBytes: 76,
  }],
  ["tag files too large together", whole, /over the limit of 60 bytes/, { tagBytes: 60 }],
  ["names too long together", whole, /names add up, over the limit/, { nameBytes: 30 }],
  [
    "a pax header too large",
    instead({ pax: [["uname", "x".repeat(20_000)]] }),
    /a pax header has 20 kB, over/,
  ],
  [
    "a pax header that says it is huge",
    plus({ name: "p", type: "x", size: 8 ** 11 - 1 }),
    /over the limit/,
  ],
  ["a trailer too long", () => join(whole(), new Uint8Array(2 ** 21)), /too many zeros/],
  [
    "a bomb",
    () => gzip(rawTar([{ name: "bag/bomb", content: new Uint8Array(20_000_000) }])),
    /inflates to more than 200 times/,
  ],
  [
    "a bomb of zeros only",
    () => gzip(new Uint8Array(20_000_000)),
    /too many zeros|more than 200 times/,
  ],
  [
    "a bomb in the limits of its ratio",
    () => gzip(rawTar([{ name: "bag/bomb", content: new Uint8Array(900_000) }])),
    /over the limit of 500 kB/,
    { totalBytes: 500_000 },
  ],
  [
    "many gzip members",
    () => join(...Array.from({ length: 1000 }, () => gzip(new Uint8Array())), gzip(whole())),
    /gzip data is damaged, cut off, or followed by something/,
  ],
  ["two gzip members", () => join(gzip(whole()), gzip(whole())), /gzip data is damaged/],
  [
    "something behind the gzip data",
    () => join(gzip(whole()), new Uint8Array([0])),
    /gzip data is damaged/,
  ],
  ["gzip within gzip", () => gzip(gzip(whole())), /checksum is wrong|ends within a header/],
  ["gzip data that is cut off", () => gzip(whole()).slice(0, -20), /gzip data is damaged/],
  [
    "gzip data of a tar file that is cut off",
    () => gzip(whole().slice(0, 530)),
    /bagit\.txt: the archive ends within it/,
  ],
  [
    "gzip data of a tar file that is cut off in the payload",
    () => gzip(whole().slice(0, -1024 - 509)),
    /data\/x: the archive ends within it/,
  ],
  ["an unknown gzip method", () => {
    const bytes = gzip(whole());
    bytes[2] = 9;
    return bytes;
  }, /unknown method/],
  ["a wrong gzip checksum", () => {
    const bytes = gzip(whole());
    bytes[bytes.length - 8] ^= 1;
    return bytes;
  }, /gzip data is damaged/],
  [
    "a gzip header that is cut off",
    () => new Uint8Array([0x1f, 0x8b, 8]),
    /within the gzip header/,
  ],
  ["an unknown gzip field", () => {
    const bytes = gzip(whole());
    bytes[3] = 0x20;
    return bytes;
  }, /gzip header has fields/],
];

const listed = (line: string) => bag({ manifest: (right) => right + line });

export const BAGIT: HostileCase[] = [
  [
    "no bagit.txt",
    () => rawTar(bagMembers({ without: ["bagit.txt"] })),
    /bagit\.txt: it is missing/,
  ],
  [
    "no manifest",
    () => rawTar(bagMembers({ without: ["manifest-sha256.txt"] })),
    /manifest-sha256\.txt: it is missing/,
  ],
  [
    "no tag manifest",
    () => rawTar(bagMembers({ without: ["tagmanifest-sha256.txt"] })),
    /it is missing/,
  ],
  [
    "a newer BagIt",
    bag({ bagit: "BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n" }),
    /version 2\.0 of BagIt/,
  ],
  [
    "another encoding",
    bag({ bagit: "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n" }),
    /does not say that tag files are UTF-8/,
  ],
  [
    "a third line",
    bag({ bagit: "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nX: y\n" }),
    /more than two lines/,
  ],
  [
    "a byte-order mark",
    bag({ bagit: "\ufeffBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" }),
    /bagit\.txt: it begins with a byte-order mark/,
  ],
  [
    "CR LF",
    bag({ bagit: "BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8\r\n" }),
    /CR LF/,
  ],
  [
    "a file not in the manifest",
    plus({ name: "bag/data/y" }),
    /data\/y: manifest-sha256\.txt does not name it/,
  ],
  [
    "a tag file not in its manifest",
    plus({ name: "bag/y" }),
    /y: tagmanifest-sha256\.txt does not name it/,
  ],
  [
    "a file that is not there",
    listed(`${NONE}  data/y\n`),
    /data\/y: manifest-sha256\.txt names it, but/,
  ],
  [
    "a tag file that is not there",
    bag({ tagManifest: (right) => `${right}${NONE}  y\n` }),
    /y: tagmanifest-sha256\.txt names it, but/,
  ],
  [
    "a file with another content",
    bag({ manifest: `${NONE}  data/x\n` }),
    /data\/x: its SHA-256 is 2cf24dba/,
  ],
  [
    "a tag file with another content",
    bag({ tagManifest: (right) => right.replace(/[0-9a-f]{64}/, NONE) }),
    /bagit\.txt: its SHA-256/,
  ],
  [
    "a manifest's line twice",
    bag({ manifest: (right) => right + right }),
    /line 2 names a file a second time/,
  ],
  ["a manifest's way out", listed(`${NONE}  data/../../canary\n`), /line 2: .*component "\.\."/],
  ["a manifest's way out, encoded", listed(`${NONE}  data/..%2f..%2fcanary\n`), /line 2 has a %/],
  ["a line break, encoded", listed(`${NONE}  data/a%0Ab\n`), /line 2: .*control/],
  ["a manifest of files outside data", listed(`${NONE}  bagit.txt\n`), /names it outside data/],
  ["a digest too short", bag({ manifest: "abc  data/x\n" }), /line 1 is not a SHA-256/],
  [
    "a digest that is none",
    bag({ manifest: `${"g".repeat(64)}  data/x\n` }),
    /line 1 is not a SHA-256/,
  ],
  [
    "a digest in mixed case",
    bag({ manifest: (right) => right.replace("f24", "F24") }),
    /line 1 is not/,
  ],
  [
    "lines in capitals and not",
    bag({
      payload: { a: "1", b: "2" },
      manifest: (right) => right.replace(/^[0-9a-f]{64}/, (digest) => digest.toUpperCase()),
    }),
    /line 2 mixes upper and lower case/,
  ],
  [
    "a tag manifest that names itself",
    bag({ tagManifest: (right) => `${right}${NONE}  tagmanifest-sha256.txt\n` }),
    /it names itself/,
  ],
  [
    "a list of parts without a group",
    plus({ name: "bag/group-sha256.txt" }),
    /tagmanifest-sha256\.txt does not name it/,
  ],
  ["an empty line", listed("\n"), /line 2 is not a SHA-256/],
  [
    "a last line without an end",
    bag({ manifest: (right) => right.trimEnd() }),
    /line 1 has no end/,
  ],
  [
    "a manifest that is not UTF-8",
    bag({ manifest: (right) => join(bytesOf(right), new Uint8Array([0xff, 10])) }),
    /it is not UTF-8/,
  ],
  ["a manifest with NULs", listed("\0\n"), /contains a NUL/],
  ["an MD5 manifest", plus({ name: "bag/manifest-md5.txt" }), /only SHA-256 manifests/],
  ["a wrong Payload-Oxum", bag({ info: "Payload-Oxum: 6.1\n" }), /says 6 bytes; there are 5/],
  ["a wrong number of files", bag({ info: "Payload-Oxum: 5.2\n" }), /says 2 files; there are 1/],
  ["two Payload-Oxums", bag({ info: "Payload-Oxum: 5.1\nPayload-Oxum: 5.1\n" }), /more than once/],
  ["a Payload-Oxum that is none", bag({ info: "Payload-Oxum: all\n" }), /not two numbers/],
  ["bag-info that continues nothing", bag({ info: "  x\n" }), /continues nothing/],
  ["bag-info without a label", bag({ info: "x\n" }), /not a label and a value/],
  [
    "a part without the others",
    bag({ info: `Bag-Group-Identifier: sha256:${NONE}\nBag-Count: 2 of 3\n` }),
    /part 1, 3 must be given too/,
  ],
  [
    "a part beyond the last",
    bag({ info: `Bag-Group-Identifier: sha256:${NONE}\nBag-Count: 4 of 3\n` }),
    /part 4 of 3/,
  ],
  [
    "the only part without its list",
    bag({ info: `Bag-Group-Identifier: sha256:${NONE}\nBag-Count: 1 of 1\n` }),
    /group-sha256\.txt: it is missing/,
  ],
];

const fetched = (url: string, rest = "1 data/y") =>
  bag({ fetch: `${url} ${rest}\n`, manifest: (right) => `${right}${NONE}  data/y\n` });

export const FETCH: HostileCase[] = [
  ["an address with a name", fetched("https://a@example.org/"), /holds a password/],
  [
    "an address in other letters",
    fetched("https://example.org/\u00fc"),
    /characters that need encoding/,
  ],
  [
    "an address of 3,000 characters",
    fetched(`https://example.org/${"x".repeat(3000)}`),
    /longer than 2048/,
  ],
  ["a size beyond all", fetched("https://example.org/", "9999999999999999 data/y"), /wrong size/],
  [
    "a fetched file twice",
    bag({
      fetch: "https://example.org/ 5 data/x\nhttps://example.org/ 5 data/x\n",
    }),
    /line 2 names a file a second time/,
  ],
  [
    "a file: address",
    fetched("file:///etc/passwd"),
    /line 1: the address is not https: or http: but file:/,
  ],
  ["a javascript: address", fetched("javascript:alert(1)"), /not https: or http:/],
  ["an address with a password", fetched("https://a:b@example.org/"), /holds a password/],
  ["an address that is none", fetched("example.org"), /the address is not one/],
  ["a fetched way out", fetched("https://example.org/", "1 data/../../canary"), /component "\.\."/],
  ["a fetched file outside data", fetched("https://example.org/", "1 bagit.txt"), /outside data/],
  ["a fetched file not in the manifest", fetched("https://example.org/", "1 data/z"), /does not/],
  [
    "a fetched size that is none",
    fetched("https://example.org/", "-5 data/y"),
    /not an address, a size/,
  ],
  [
    "a fetched file with another size",
    bag({ fetch: "https://example.org/ 4 data/x\n" }),
    /it has 5 bytes; fetch\.txt says 4/,
  ],
];
