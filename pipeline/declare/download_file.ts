/** Declares downloads: one file from a URL, known by its SHA-256. */

import { Failed } from "../failure.ts";
import { outputsOf } from "./stage.ts";
import type { Artifact, Digest, DownloadSource, Kind, Node, Work } from "../types.ts";

/** One file from the network. */
export interface DownloadFile<K extends Kind> {
  /** Names the file in messages and in the node's id, `download[name]`; unique in a pipeline. */
  readonly name: string;
  /** An http or https address; redirects are followed. Not part of the key. */
  readonly url: string;
  /** SHA-256 that the file must have, in lower-case hexadecimal. The only thing that the key depends on. */
  readonly sha256: Digest;
  /** What the bytes are, e.g. `file("text/csv", ".csv")`. */
  readonly kind: K;
  /** SPDX expression or short text, recorded with the artifact. */
  readonly license: string;
  /** Its size, when it is known: a download that grows larger is stopped. */
  readonly bytes?: number;
}

/**
 * One file from the network as a node. Besides data packages, the only kind of node that reads the network.
 *
 * @returns `file`: the file.
 * @throws {Failed} `download-declaration` when the address or the digest cannot be used.
 *
 * @example
 * ```ts
 * import { download, file } from "../mod.ts";
 *
 * const iris = download({
 *   name: "iris",
 *   url: "https://archive.ics.uci.edu/static/public/53/iris.zip",
 *   sha256: "0".repeat(64), // the first run tells the real one
 *   kind: file("application/zip", ".zip"),
 *   license: "CC-BY-4.0",
 * });
 * ```
 */
export function download<K extends Kind>(
  declaration: DownloadFile<K>,
): { readonly file: Artifact<K> } {
  const { name, url, sha256, kind, license, bytes } = declaration;
  check(declaration);
  const source: DownloadSource = Object.freeze({
    name,
    url,
    sha256,
    license,
    ...(bytes === undefined ? {} : { bytes }),
  });
  const node: Node = Object.freeze({
    id: `download[${name}]`,
    stage: "download",
    describe: `the file ${url} (${license})`,
    work: Object.freeze<Work>({ type: "download", source }),
    inputs: {},
    inputKinds: {},
    // Where it comes from may change as long as the bytes stay.
    params: Object.freeze({ sha256 }),
    outputs: { file: kind },
    cores: 1,
  });
  return outputsOf<{ file: K }>(node);
}

function check({ name, url, sha256, kind, bytes }: DownloadFile<Kind>): void {
  const wrong = (message: string, mend: string) => {
    throw new Failed({
      code: "download-declaration",
      message,
      where: `download ${JSON.stringify(name)}`,
      mend,
    });
  };
  if (!/^[A-Za-z0-9][\w.@+-]*$/.test(name)) {
    wrong(
      "the name is not usable",
      'Use letters, digits, ".", "_", "@", "+" and "-", starting with a letter or a digit.',
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:") {
    wrong(`"${url}" is not an http or https address`, "Give the whole address of the file.");
  }
  if (parsed!.username !== "" || parsed!.password !== "") {
    wrong(
      "the address holds a user name or a password",
      "Addresses are recorded: fetch the file yourself and use localFile(…) or --packages.",
    );
  }
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    wrong("sha256 is not a SHA-256 in lower-case hexadecimal", "Use 64 hexadecimal digits.");
  }
  if (kind.form !== "file") {
    wrong("a download is one file, not a tree", 'Use file("application/gzip", ".tar.gz") or so.');
  }
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0)) {
    wrong(`bytes is ${bytes}`, "Give the size in bytes as a whole number, or leave it out.");
  }
}
