/** Runs download nodes: one file from the network or from a local folder, which must have the pinned digest. */

import { openAttempt } from "../run/attempt.ts";
import { noSpace } from "../run/child_failure.ts";
import { transfer } from "./download_stream.ts";
import { cancelled, type Finished } from "../run/executor.ts";
import { Failed } from "../failure.ts";
import { fileDigest } from "../store/file_digest.ts";
import { isDiskFull } from "../host.ts";
import type { Store } from "../store/store.ts";
import type { DownloadSource, Node, Progress } from "../types.ts";

/** One attempt at a download. */
export interface FileDownload {
  readonly node: Node;
  readonly source: DownloadSource;
  /** Directory of local copies: `DIR/SHA256` or `DIR/FILE_NAME`, used instead of the network where present. */
  readonly packagesDir?: string;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which a connection counts as dead. @default a minute */
  readonly stall?: number;
  onProgress(progress: Progress): void;
  onLog(line: string): void;
}

/** Without a declared size, more than this is taken for a mistake. */
const MOST = 256 * 2 ** 30;
const MIB = 2 ** 20;

/**
 * Fetches a file and stores it when it has the pinned digest; anything else never reaches the store.
 *
 * @throws {Failed} `download` when it cannot be had or has other content.
 */
export async function downloadFile(store: Store, download: FileDownload): Promise<Finished> {
  const { node, source, signal } = download;
  const where = node.id;
  try {
    using directory = openAttempt(store);
    const local = await localCopy(download);
    const path = local ?? await fetched(store, download, `${directory.path}/file`);
    const [{ digest, bytes }] = await store.put([{ path, form: "file", move: local === null }]);
    // A local copy may have changed between the comparison and the copy.
    if (digest !== source.sha256) throw mismatch(source, digest, path, MEND_LOCAL);
    const [[name, { form, media }]] = Object.entries(node.outputs);
    return { outputs: { [name]: { digest, form, media, bytes } }, log: null };
  } catch (error) {
    if (signal.aborted) throw new Failed(cancelled(where));
    if (error instanceof Failed) {
      throw new Failed({ mend: elsewhere(source), ...error.failure, where }, { cause: error });
    }
    if (isDiskFull(error)) throw new Failed({ ...noSpace(store.dir), where }, { cause: error });
    throw error;
  }
}

/** The last part of the URL's path; null when it has none. */
function fileName({ url }: DownloadSource): string | null {
  const last = new URL(url).pathname.split("/").at(-1)!;
  let name: string;
  try {
    name = decodeURIComponent(last);
  } catch {
    name = last;
  }
  return name === "" || /[/\0]|^\.\.?$/.test(name) ? null : name;
}

function elsewhere(source: DownloadSource): string {
  const name = fileName(source);
  return "Check the network and the address. Or fetch the file yourself, put it into a folder as " +
    `${name === null ? "" : `DIR/${name} or `}DIR/${source.sha256}, and add --packages DIR.`;
}

const MEND_LOCAL = "Replace it by an unchanged copy, or leave --packages out to use the network.";

async function localCopy({ source, packagesDir, onLog }: FileDownload): Promise<string | null> {
  if (packagesDir === undefined) return null;
  for (const name of [source.sha256, fileName(source)]) {
    const path = `${packagesDir}/${name}`;
    if (name === null || !isFile(path)) continue;
    const { digest } = await fileDigest(path);
    if (digest !== source.sha256) throw mismatch(source, digest, path, MEND_LOCAL);
    return path;
  }
  onLog(`${packagesDir} does not hold the file; using the network`);
  return null;
}

async function fetched(store: Store, download: FileDownload, to: string): Promise<string> {
  const { source, signal, onLog, onProgress } = download;
  const { digest, bytes, type, encoding } = await transfer({
    url: source.url,
    to,
    most: source.bytes ?? MOST,
    stall: download.stall ?? 60_000,
    host: store.host,
    signal,
    onLog,
    onBytes: (received, total) =>
      onProgress({
        message: total === null
          ? `${(received / MIB).toFixed(1)} MiB`
          : `${(received / MIB).toFixed(1)} of ${(total / MIB).toFixed(1)} MiB`,
      }),
  });
  if (digest === source.sha256) return to;
  const size = source.bytes !== undefined && source.bytes !== bytes
    ? `; it has ${bytes} bytes instead of ${source.bytes}`
    : ` of ${bytes} bytes`;
  const hint = encoding !== ""
    ? ` The server encoded it (${encoding}) although it was asked not to.`
    : type.startsWith("text/html")
    ? " It is a web page: perhaps one to log in or to agree to terms."
    : "";
  throw mismatch(
    source,
    digest,
    source.url,
    `If it is the right file, pin its digest.${hint} Otherwise do not use it.`,
    size,
  );
}

function mismatch(
  { sha256 }: DownloadSource,
  got: string,
  from: string,
  mend: string,
  size = "",
): Failed {
  return new Failed({
    code: "download",
    message: `${from} is not the pinned file: expected the SHA-256 ${sha256}, got ${got}${size}`,
    mend,
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
