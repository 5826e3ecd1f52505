/** Writes the certificate of a run that had nothing to do, when what it depended on can be told in full. */

import type { Session } from "../cli/session.ts";
import type { Io } from "../cli/command.ts";
import { discard, isSystemError } from "../host.ts";
import type { PastRun } from "../history/past_run.ts";
import { nvidiaModel } from "../plan/device.ts";
import { Programs } from "../code/programs.ts";
import { declaredBy } from "../plan/declared.ts";
import { htmlPath } from "../report/report_file.ts";
import type { RunResult } from "../run/run.ts";
import type { Store } from "../store/store.ts";
import {
  absentAmong,
  type Certificate,
  type Certified,
  encode,
  holds,
  looks,
  type SameRun,
} from "./certificate.ts";
import { certificatePath, storeOf } from "./occasion.ts";
import { certificateOf, occasionOf } from "./same_again.ts";

/** Certificates of one store: each terminal's width has its own. */
const MOST = 64;

/**
 * Certifies a run that had nothing to do. It is left out, in silence, where something of what the run depends on
 * is no file, or changed so recently that it may change again unseen.
 *
 * @param said What was said, in two parts with the time between them.
 */
export async function certify(
  args: readonly string[],
  session: Session,
  result: RunResult,
  said: { readonly parts: readonly [string, string]; readonly json: boolean },
  io: Io,
): Promise<void> {
  const { rootDir, userDir } = io.place;
  const { store } = session;
  const dir = storeOf(args, rootDir, userDir);
  if (dir === null || result.past === null || !isCertifiable(session, result)) return;
  const known = await certificateOf(args, io);
  if (known !== null && known.certified === null && holds(known)) return;
  const since = performance.timeOrigin;
  // Cheap first: a file that was written just now is the usual reason to wait.
  const programs = new Programs(session.root, store);
  await programs.add(result.plan.nodes.map(({ node }) => node));
  const around = aroundOf(session, result, programs, io);
  const stored = storedOf(session, result);
  if ([...around, ...stored].some((path) => path.includes("\n"))) return;
  if (looks(around, since) === null) return;
  const { planningCode } = await import("./planning_code.ts");
  const entry = `${rootDir}/stages/${result.paper}/pipeline.ts`;
  const { sources, impure } = await planningCode(entry, rootDir);
  const paths = [...new Set([...sources, ...around, ...impure === null ? stored : []])];
  const stamps = looks(paths, since);
  if (stamps === null) return;
  // What went missing since it was planned must not be taken for something that need not be there.
  const needed = new Set([entry, ...sources, ...stored]);
  if (absentAmong(paths, stamps).some((path) => needed.has(path))) return;
  const certified: Certified | null = impure !== null ? null : {
    said: said.parts,
    json: said.json,
    past: withoutMoment(result.past),
    read: readBy(session, result),
  };
  await write(store, await certificatePath(dir, occasionOf(args, io)), {
    store: store.dir,
    certified,
    paths,
    stamps,
  });
}

/** Whether all that a run depends on is in files, its arguments, and what `certificatePath` asks of the machine. */
function isCertifiable({ provider }: Session, result: RunResult): boolean {
  const { plan, outcomes, ok, complete, targets } = result;
  const idle = outcomes.every(({ status, reason }) =>
    status === "cached" && reason === "up to date"
  );
  return ok && complete && idle && !plan.partial &&
    // Of other providers, drivers and devices are in the key.
    (provider === "wasm" || (provider === "cpu" && nvidiaModel() === null)) &&
    // What is placed for people is looked at each time.
    Object.keys(targets).every((name) => !name.startsWith("keep.")) &&
    plan.nodes.every(({ node: { work } }) => {
      const { env, programs } = declaredBy(work);
      const isTree = work.type === "source" && work.source.form === "tree";
      return env.length + programs.length === 0 && !isTree;
    });
}

/** Files around the store: the engine, the paper, its data, its report. */
function aroundOf(
  { preset, store }: Session,
  result: RunResult,
  programs: Programs,
  io: Io,
): string[] {
  const { rootDir, reportsDir } = io.place;
  const report = htmlPath(reportsDir, result.paper, preset);
  const absolute = (path: string) => path.startsWith("/") ? path : `${rootDir}/${path}`;
  return [
    ...["deno.json", "deno.lock", "deno.jsonc", "package.json"].map(absolute),
    absolute(`stages/${result.paper}/config.yaml`),
    io.place.committedFile(result.paper),
    report,
    report.replace(/html$/, "json"),
    `${store.dir}/last/${encodeURIComponent(result.paper)}/${encodeURIComponent(preset)}.jsonl`,
    ...sourcesUnder(`${rootDir}/pipeline`),
    ...new Set(
      result.plan.nodes.flatMap(({ node }) =>
        node.work.type === "source"
          ? [absolute(node.work.source.path)]
          : (programs.of(node)?.sources ?? []).map(absolute)
      ),
    ),
  ];
}

function sourcesUnder(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? sourcesUnder(`${folder}/${name}`)
      : /\.(ts|js|json)$/.test(name)
      ? [`${folder}/${name}`]
      : []
  );
}

/** Records and objects that a hit asks for. */
function storedOf({ store }: Session, { plan }: RunResult): string[] {
  const paths = new Set<string>();
  for (const { key, record } of plan.nodes) {
    paths.add(store.recordPath(key!));
    for (const { digest, form } of Object.values(record!.outputs)) {
      paths.add(store.fileOf(digest));
      if (form === "file") continue;
      for (const member of store.treeFiles(digest)) paths.add(store.fileOf(member.digest));
    }
  }
  return [...paths];
}

function readBy({ store }: Session, { plan, targets }: RunResult): string[] {
  const ids = new Set(Object.values(targets).map(({ node }) => node.id));
  return plan.nodes.filter(({ node }) => ids.has(node.id)).flatMap(({ record }) =>
    Object.values(record!.outputs).flatMap(({ digest, form }) =>
      form === "file" ? [digest] : [digest, ...store.treeFiles(digest).map((f) => f.digest)]
    )
  );
}

function withoutMoment(past: PastRun): SameRun {
  const { id: _, began: __, seconds: ___, commit: ____, ...same } = past;
  return same;
}

/** A full or read-only disk costs the next run some planning, nothing else. */
async function write({ host }: Store, path: string, certificate: Certificate): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const temporary = `${path}.${host.unique()}`;
  try {
    host.files.makeDirectory(folder);
    removeOldest(host, folder);
    host.files.writeNew(temporary, await encode(certificate));
    host.files.rename(temporary, path);
  } catch (error) {
    discard(host, temporary);
    if (!isSystemError(error)) throw error;
  }
}

function removeOldest(host: Store["host"], folder: string): void {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  if (files.length < MOST) return;
  const aged = files.map((path) => ({ path, at: Deno.statSync(path).mtime?.getTime() ?? 0 }));
  aged.sort((a, b) => a.at - b.at);
  for (const { path } of aged.slice(0, files.length - MOST / 2)) host.files.remove(path);
}
