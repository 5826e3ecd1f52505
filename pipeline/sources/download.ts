/** Runs the download nodes: the included files of one npm package, which must have the pinned digest. */

// @ts-types="../std.d.ts"
import { globToRegExp } from "@std/path";
import { type AttemptDirectory, openAttempt } from "../run/attempt.ts";
import { noSpace } from "../run/child_failure.ts";
import { cancelled, type Finished } from "../run/executor.ts";
import { Failed } from "../failure.ts";
import { isDiskFull } from "../host.ts";
import { type Fetching, fetchPackages, packageDirectory } from "./packages.ts";
import type { Store } from "../store/store.ts";
import { listTree, treeDigest, TreeError } from "../store/tree_manifest.ts";
import type { Node, NpmSource } from "../types.ts";

/** One attempt at a download. */
export interface Download {
  readonly node: Node;
  readonly source: NpmSource;
  /** Directory of local copies: `DIR/NAME@VERSION/…`, used instead of the network where present. */
  readonly packagesDir?: string;
  /** The project's directory. */
  readonly root: string;
  readonly signal: AbortSignal;
  onLog(line: string): void;
}

/**
 * Fetches a package, takes the included files, compares their digest with the pinned one and stores them.
 *
 * A copy in Deno's cache that does not have the digest is fetched once more, past the cache, so that a damaged
 * cache does not stop a run.
 *
 * @throws {Failed} `download` when the package cannot be had or has other content.
 */
export async function download(store: Store, download: Download): Promise<Finished> {
  const { node, source, signal } = download;
  const where = node.id;
  try {
    using directory = openAttempt(store);
    const path = await find(store, directory, download);
    const item = { path, form: "tree", accept: matcher(source) } as const;
    const [{ digest, bytes }] = await store.put([item]);
    // The files may have changed between the comparison and the copy.
    if (digest !== source.digest) throw mismatch(download, path, digest);
    const [[name, { form, media }]] = Object.entries(node.outputs);
    return { outputs: { [name]: { digest, form, media, bytes } }, log: null };
  } catch (error) {
    if (signal.aborted) throw new Failed(cancelled(where));
    if (error instanceof Failed) throw new Failed({ ...error.failure, where });
    if (isDiskFull(error)) throw new Failed({ ...noSpace(store.dir), where }, { cause: error });
    if (error instanceof TreeError) {
      const message = `${title(source)} cannot be kept: ${error.message}`;
      throw new Failed({ code: "download", message, where }, { cause: error });
    }
    throw error;
  }
}

function title({ package: name, version }: NpmSource): string {
  return `${name}@${version}`;
}

/** A directory that holds the package with the pinned content. */
async function find(
  store: Store,
  attempt: AttemptDirectory,
  download: Download,
): Promise<string> {
  const { source, packagesDir } = download;
  if (packagesDir !== undefined) {
    const path = `${packagesDir}/${title(source)}`;
    if (isDirectory(path)) return checked(download, path);
    download.onLog(`${path} is not there; using the network`);
  }
  const fetching: Fetching = {
    host: store.host,
    root: download.root,
    signal: download.signal,
    onLog: download.onLog,
  };
  const cached = await fetchInto(download, fetching);
  try {
    return checked(download, cached);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    download.onLog(`${cached} does not have the pinned content; fetching the package anew`);
    const fresh = { ...fetching, denoDir: `${attempt.path}/deno` };
    let path: string;
    try {
      path = await fetchInto(download, fresh);
    } catch {
      // Without the network, what is known is that the cached copy is wrong.
      throw error;
    }
    return checked(download, path);
  }
}

async function fetchInto({ source }: Download, fetching: Fetching): Promise<string> {
  try {
    await fetchPackages([`npm:${title(source)}`], fetching);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    throw new Failed({ ...error.failure, mend: `${error.failure.mend} ${localCopy(source)}` });
  }
  const path = await packageDirectory(source.package, source.version, fetching);
  if (path !== null && isDirectory(path)) return path;
  throw new Failed({
    code: "download",
    message: `Deno fetched ${title(source)} but does not say where it is`,
    mend: localCopy(source),
  });
}

function localCopy(source: NpmSource): string {
  return `Or put a copy of the package into DIR/${title(source)}/ and add --packages DIR.`;
}

function checked(download: Download, path: string): string {
  const accept = matcher(download.source);
  const names = listTree(path);
  for (const glob of download.source.include) {
    const pattern = globToRegExp(glob);
    if (names.some((name) => pattern.test(name))) continue;
    throw new Failed({
      code: "download",
      message: `${title(download.source)} has no file that matches ${JSON.stringify(glob)}`,
      mend: `Correct \`include\`; the copy that was looked at is ${path}.`,
    });
  }
  const digest = treeDigest(path, accept);
  if (digest !== download.source.digest) throw mismatch(download, path, digest);
  return path;
}

function mismatch({ source, packagesDir }: Download, path: string, got: string): Failed {
  const local = packagesDir !== undefined && path.startsWith(packagesDir);
  return new Failed({
    code: "download",
    message: `the files of ${title(source)} are not the pinned ones: expected ${source.digest}, ` +
      `got ${got}`,
    mend: local
      ? `Replace ${path} by an unchanged copy of the package.`
      : `If ${path} exists, it may be damaged: delete it and run again. If the difference stays, the ` +
        `package has changed: do not use it. ${localCopy(source)}`,
  });
}

/** Takes the files that any of the globs includes. */
function matcher({ include }: NpmSource): (path: string) => boolean {
  const patterns = include.map((glob) => globToRegExp(glob));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
