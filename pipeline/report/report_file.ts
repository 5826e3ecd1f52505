/** The report on disk: `<paper>-<preset>.html`, and beside it the JSON from which it can be made again. */

import { discard, type Host, systemHost } from "../host.ts";
import type { PipelineMeta, ReportedRun } from "./model.ts";

/** Raise when `ReportedRun` or `PipelineMeta` change their meaning. */
const version = 1;

/** What the JSON file holds. */
export interface SavedReport {
  readonly run: ReportedRun;
  readonly meta: PipelineMeta;
}

/** Path of the HTML of a paper and preset inside `dir`. */
export function htmlPath(dir: string, paper: string, preset: string): string {
  // Papers are in snake_case, so the first hyphen ends their name.
  return `${dir}/${paper}-${encodeURIComponent(preset)}.html`;
}

function jsonPath(dir: string, paper: string, preset: string): string {
  return htmlPath(dir, paper, preset).replace(/html$/, "json");
}

/** Renders and writes both files, each complete or not at all. @returns the path of the HTML. */
export async function writeReport(
  dir: string,
  saved: SavedReport,
  host: Host = systemHost,
): Promise<string> {
  // The drawing library loads only when a report is written.
  const { renderReport } = await import("./render.ts");
  const { paper, preset } = saved.run;
  const path = htmlPath(dir, paper, preset);
  const page = await renderReport(saved.run, saved.meta);
  host.files.makeDirectory(dir);
  replaceFile(path, page, host);
  replaceFile(jsonPath(dir, paper, preset), JSON.stringify({ version, ...saved }), host);
  return path;
}

/** Writes a file, complete or not at all. */
export function replaceFile(path: string, text: string, host: Host = systemHost): void {
  const temporary = `${path}.${host.unique().slice(0, 8)}`;
  try {
    host.files.writeNew(temporary, new TextEncoder().encode(text));
    host.files.rename(temporary, path);
  } catch (error) {
    discard(host, temporary);
    throw error;
  }
}

/** The last run of a paper and preset, or null when there is none that can be read. */
export async function readReport(
  dir: string,
  paper: string,
  preset: string,
): Promise<SavedReport | null> {
  try {
    const saved = JSON.parse(await Deno.readTextFile(jsonPath(dir, paper, preset)));
    return saved.version === version ? { run: saved.run, meta: saved.meta } : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Presets of a paper that have been run, the latest first. */
export async function reportedPresets(dir: string, paper: string): Promise<string[]> {
  const found: { preset: string; at: number }[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (!name.startsWith(`${paper}-`) || !name.endsWith(".json")) continue;
      const info = await Deno.stat(`${dir}/${name}`);
      const preset = decodeURIComponent(name.slice(paper.length + 1, -".json".length));
      found.push({ preset, at: info.mtime?.getTime() ?? 0 });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => b.at - a.at).map((f) => f.preset);
}

/** True when the HTML exists and was made from exactly these keys: a run that ran nothing need not write it. */
export async function isReportCurrent(
  dir: string,
  paper: string,
  preset: string,
  keys: readonly (string | null)[],
): Promise<boolean> {
  const saved = await readReport(dir, paper, preset);
  if (saved === null) return false;
  try {
    await Deno.stat(htmlPath(dir, paper, preset));
  } catch {
    return false;
  }
  const before = saved.run.nodes.map((n) => n.key);
  return before.length === keys.length && before.every((key, i) => key === keys[i]);
}
