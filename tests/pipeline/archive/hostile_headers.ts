/** Archives whose members or headers are made to harm, each with the line that refuses it. */

import { encoder } from "./bag_rig.ts";
import { bag, before, type HostileCase, instead, pax, plus, whole } from "./hostile_kit.ts";
import { bagMembers, bytesOf, END, join, rawMember, rawTar } from "./raw_tar.ts";

/** A right bag with a file of this name, listed in the manifest. */
const named = (path: string) => () => {
  const name = `bag/data/${path}`;
  const members = bagMembers({ payload: { [path]: "hello" } });
  if (bytesOf(name).length <= 100) return rawTar(members);
  return rawTar(
    members.map((m) => m.name === name ? { ...m, name: "long", pax: [["path", name]] } : m),
  );
};
const cutAt = (n: number) => () => whole().slice(0, n);
const size = (text: string) => {
  const field = new Uint8Array(12);
  field.set(encoder.encode(text).subarray(0, 12));
  return field;
};
const binary = (...bytes: number[]) =>
  new Uint8Array([0x80, ...new Uint8Array(11 - bytes.length), ...bytes]);
export const NAMES: HostileCase[] = [
  ["a way out", plus({ name: "bag/../../canary" }), /bag\/\.\.\/\.\.\/canary: .*component "\.\."/],
  ["a way out at once", before({ name: "../canary" }), /\.\.\/canary: .*component "\.\."/],
  ["a way out in the prefix", plus({ prefix: "bag/..", name: "canary" }), /bag\/\.\.\/canary/],
  ["a way out in a pax header", pax(["path", "bag/data/../../../canary"]), /component "\.\."/],
  [
    "a way out behind a pax header",
    instead({ name: "../canary", pax: [["path", "bag/data/x"]] }),
    /\.\.\/canary: the name behind the pax header/,
  ],
  ["an absolute name", plus({ name: "/tmp/canary" }), /\/tmp\/canary: the name is absolute/],
  ["an absolute name in a pax header", pax(["path", "/tmp/canary"]), /the name is absolute/],
  ["a drive", plus({ name: "C:/canary" }), /C:\/canary: .*drive letter/],
  ["a drive and a backslash", plus({ name: "C:\\canary" }), /backslash/],
  ["a UNC path", plus({ name: "\\\\server\\share\\canary" }), /backslash/],
  ["a UNC path with slashes", plus({ name: "//server/share/canary" }), /absolute/],
  ["a backslash", named("..\\..\\canary"), /backslash/],
  ["a stream of a file", named("x:stream"), /contains :/],
  [
    "a NUL in the name",
    plus({ name: "bag/data/y\0/../../canary" }),
    /name is followed by something/,
  ],
  ["a NUL in a pax name", pax(["path", "bag/data/x\0y"]), /NUL/],
  ["a home directory", before({ name: "~/canary" }), /begins with ~/],
  ["a home directory inside", named("~root"), /begins with ~/],
  ["an empty component", named("a//b"), /empty component/],
  ["an empty name", plus({ name: "" }), /name is empty/],
  ["a dot", named("a/./b"), /component "\."/],
  [
    "a dot in front",
    () => rawTar(bagMembers().map((m) => ({ ...m, name: `./${m.name}` }))),
    /component "\."/,
  ],
  ["a line break in the name", named("a\nb"), /control or invisible/],
  ["an escape sequence", named("\u001b[2Ja"), /\\u\{1b\}\[2Ja/],
  ["text from right to left", named("a\u202egnp.exe"), /control or invisible/],
  ["a zero-width space", named("a\u200bb"), /control or invisible/],
  ["a name of 256 bytes", named("x".repeat(256)), /longer than 255 bytes/],
  ["a name of 256 bytes in letters of two", named("é".repeat(128)), /longer than 255 bytes/],
  ["a path of 4,100 bytes", named("a/".repeat(2050)), /longer than 4096 bytes/],
  [
    "a name that is not UTF-8",
    plus({ name: new Uint8Array([...encoder.encode("bag/data/"), 0xff]) }),
    /not UTF-8/,
  ],
  [
    "an over-long form of /",
    plus({ name: new Uint8Array([0x62, 0x61, 0x67, 0xc0, 0xaf, 0x78]) }),
    /not UTF-8/,
  ],
  [
    "a surrogate in the name",
    plus({ name: new Uint8Array([0x62, 0x2f, 0xed, 0xa0, 0x80]) }),
    /not UTF-8/,
  ],
  [
    "a pax name that is not UTF-8",
    instead({ pax: new Uint8Array([...encoder.encode("10 path="), 0xff, 10]) }),
    /not UTF-8/,
  ],
  ["a name that is not NFC", named("e\u0301"), /NFC/],
  ["CON", named("CON"), /device's name on Windows/],
  ["NUL.txt", named("NUL.txt"), /device's name on Windows/],
  ["com1.tar.gz", named("com1.tar.gz"), /device's name on Windows/],
  ["a dot at the end", named("x."), /dot or a space/],
  ["a space at the end", named("x /y"), /dot or a space/],
  ["a star", named("*"), /contains \*/],
];

export const CLASHES: HostileCase[] = [
  [
    "a file in front of the top folder",
    before({ name: "canary" }),
    /canary: it lies outside the top/,
  ],
  [
    "a member twice",
    plus({ name: "bag/data/x", content: "other" }),
    /bag\/data\/x: it is there twice/,
  ],
  ["the manifest twice", plus({ name: "bag/manifest-sha256.txt" }), /it is there twice/],
  ["other case", bag({ payload: { x: "1", X: "2" } }), /differs only in case .* bag\/data\/x/],
  ["other case in a folder", bag({ payload: { "a/x": "1", "A/y": "2" } }), /differs only in case/],
  ["ß and ss", bag({ payload: { "straße": "1", "strasse": "2" } }), /differs only in case/],
  ["a folder like a file", plus({ name: "bag/data/x/", type: "5" }), /as a file and as a folder/],
  ["a file like a folder", bag({ payload: { "a/b": "1", a: "2" } }), /as a file and as a folder/],
  [
    "a file in a file",
    bag({ payload: { a: "1", "a/b": "2" } }),
    /lies in a folder that is there as a file/,
  ],
  ["data as a file", plus({ name: "bag/data" }), /as a file and as a folder/],
  ["data as a file in front", before({ name: "bag/data" }), /it is a file, not a folder/],
  ["Data beside data", plus({ name: "bag/Data/y" }), /differs only in case/],
  [
    "a folder twice",
    plus({ name: "bag/data/", type: "5" }, { name: "bag/data/", type: "5" }),
    /it is there twice/,
  ],
  ["a folder without files", plus({ name: "bag/data/y/", type: "5" }), /without files/],
  [
    "a file beside the top folder",
    plus({ name: "canary" }),
    /canary: it lies outside the top folder/,
  ],
  [
    "a second top folder",
    plus({ name: "other/x" }),
    /other\/x: it lies outside the top folder bag/,
  ],
  ["a top folder in other case", plus({ name: "BAG/x" }), /outside the top folder/],
];

const TYPE_CASES: [string, string, RegExp][] = [
  ["a hard link to a file outside", "1", /a hard link/],
  ["a symbolic link", "2", /a symbolic link/],
  ["a character device", "3", /a character device/],
  ["a block device", "4", /a block device/],
  ["a FIFO", "6", /a FIFO/],
  ["a contiguous file", "7", /a contiguous file/],
  ["an old-style file", "\0", /an old-style file/],
  ["a GNU sparse file", "S", /a GNU sparse file/],
  ["a GNU long name", "L", /a GNU long name/],
  ["a GNU long link", "K", /a GNU long link name/],
  ["a GNU volume", "M", /multi-volume/],
  ["a GNU directory", "D", /directory dump/],
  ["a Solaris header", "X", /Solaris/],
  ["a global header", "g", /a global pax header/],
  ["an unknown type", "Z", /unknown type "Z"/],
];

export const TYPES: HostileCase[] = [
  ...TYPE_CASES.map(([name, type, message]): HostileCase => [
    name,
    plus({ name: "bag/data/y", type, link: "12".includes(type) ? "../../../canary" : "" }),
    message,
  ]),
  [
    "a link and a file through it",
    before(
      { name: "bag/data", type: "2", link: ".." },
      { name: "bag/data/canary", content: "evil" },
    ),
    /bag\/data: it is a symbolic link/,
  ],
  [
    "a chain of links",
    before(
      { name: "bag/a", type: "2", link: "." },
      { name: "bag/a/b", type: "2", link: ".." },
    ),
    /bag\/a: it is a symbolic link/,
  ],
  ["a link in a pax header", pax(["linkpath", "../canary"]), /record "linkpath"/],
  ["a sparse file in a pax header", pax(["GNU.sparse.major", "1"]), /record "GNU\.sparse\.major"/],
  ["another character set", pax(["hdrcharset", "BINARY"]), /record "hdrcharset"/],
  ["a file with a link's target", instead({ link: "../../canary" }), /names a link's target/],
  [
    "a folder with a content",
    plus({ name: "bag/data/y/", type: "5", content: "evil" }),
    /a folder with a size/,
  ],
  ["a file named as a folder", plus({ name: "bag/data/y/" }), /empty component/],
];

export const FORMAT: HostileCase[] = [
  ["a pax record without a key", instead({ pax: "9 =abcde\n" }), /pax header is malformed/],
  ["a pax record without a value", instead({ pax: "8 abcde\n" }), /pax header is malformed/],
  ["a pax record without an end", instead({ pax: "8 a=bcd!" }), /pax header is malformed/],
  [
    "a pax header that is cut off",
    () => rawMember({ name: "pax", type: "x", content: "8 a=bcd\n" }).slice(0, 600),
    /ends within a pax header/,
  ],
  [
    "a pax header with a filler that is not zero",
    before({ name: "pax", type: "x", content: "13 uname=abc\n", filler: 1 }),
    /pax header's last block are not zero/,
  ],
  [
    "a folder with a pax size",
    plus({ name: "bag/data/", type: "5", size: 0, pax: [["size", "9000000000"]] }),
    /a folder with a size/,
  ],
  ["a wrong checksum", instead({ checksum: "000000\0 " }), /checksum is wrong/],
  ["an old tar header", instead({ magic: "\0\0\0\0\0\0\0\0" }), /not a POSIX/],
  ["GNU times in the prefix", instead({ magic: "ustar  \0", prefix: "1234" }), /GNU extensions/],
  ["something in the header's end", instead({ edit: (h) => void (h[511] = 1) }), /end is not zero/],
  ["something behind the name", instead({ edit: (h) => void (h[99] = 1) }), /name is followed/],
  ["a device number", instead({ edit: (h) => void (h[335] = 0x31) }), /device number/],
  ["a filler that is not zero", instead({ filler: 1 }), /last block are not zero/],
  ["a size in base 256", instead({ size: binary(5) }), /binary \(base 256\)/],
  ["a negative size in base 256", instead({ size: new Uint8Array(12).fill(0xff) }), /base 256/],
  ["a negative size", instead({ size: size("-0000000005\0") }), /size is not an octal number/],
  [
    "a size that is not octal",
    instead({ size: size("00000000009\0") }),
    /size is not an octal number/,
  ],
  ["two sizes in a field", instead({ size: size("005\0 0000777") }), /size is not an octal number/],
  ["a size beyond the archive", instead({ size: 10_000_000 }), /more than the archive has left/],
  ["the largest size", instead({ size: size("777777777777") }), /more than the archive has left/],
  ["a size one too small", instead({ size: 4 }), /last block are not zero/],
  ["a size one too large", instead({ size: 6 }), /bag\/data\/x|data\/x: its SHA-256/],
  ["a size of nothing", instead({ size: 0 }), /checksum is wrong/],
  ["a pax size unlike the header's", pax(["size", "4"]), /different sizes/],
  [
    "a pax size beyond the archive",
    instead({ size: 0, pax: [["size", "9000000000"]] }),
    /more than the archive has left/,
  ],
  ["a negative pax size", pax(["size", "-1"]), /size is not a number/],
  ["a pax size of 2^64", pax(["size", "18446744073709551616"]), /size is not a number/],
  [
    "a pax header that states a path twice",
    pax(["path", "bag/data/x"], ["path", "bag/data/x"]),
    /says path twice/,
  ],
  ["a pax length that lies", instead({ pax: "99 path=bag/data/x\n" }), /pax header is malformed/],
  ["a pax length of nothing", instead({ pax: "0 path=bag/data/x\n" }), /pax header is malformed/],
  ["an empty pax header", instead({ pax: "" }), /pax header is malformed/],
  [
    "a pax header without a member",
    () =>
      join(
        rawTar(bagMembers(), new Uint8Array()),
        rawMember({ name: "pax", type: "x", content: "21 path=bag/data/abc\n" }),
        END,
      ),
    /followed by nothing/,
  ],
  ["two pax headers", () =>
    rawTar([
      { name: "pax", type: "x", content: "19 path=bag/data/x\n" },
      { name: "bag/data/x", pax: [["path", "bag/data/x"]] },
    ]), /a pax header follows another/],
  [
    "a member behind the end marker",
    () => join(whole(), rawMember({ name: "bag/data/y" }), END),
    /something follows the archive's end marker/,
  ],
  ["one byte behind the end marker", () => join(whole(), new Uint8Array([1])), /something follows/],
  ["half a block behind the end marker", () => join(whole(), new Uint8Array(100)), /whole block/],
  ["no end marker", () => rawTar(bagMembers(), new Uint8Array()), /no end marker/],
  ["half an end marker", () => rawTar(bagMembers(), new Uint8Array(512)), /end marker is cut off/],
  [
    "an end marker of one block",
    () => join(rawTar(bagMembers(), new Uint8Array(512)), rawMember({ name: "bag/data/y" }), END),
    /end marker is only one block/,
  ],
  ["no member", () => END, /archive is empty/],
  ["no byte", () => new Uint8Array(), /no end marker/],
  ["other bytes", () => encoder.encode("<html>".repeat(200)), /checksum is wrong/],
  ["a cut within a header", cutAt(100), /ends within a header/],
  ["a cut within a tag file", cutAt(530), /more than the archive has left/],
  ["a cut within a filler", cutAt(600), /ends behind it/],
  ["a cut between members", cutAt(1024), /no end marker/],
  ["a cut within the payload", () => {
    const bytes = whole();
    return bytes.slice(0, bytes.length - 1024 - 509);
  }, /more than the archive has left/],
];
