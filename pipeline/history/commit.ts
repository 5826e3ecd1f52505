/** Which commit a project is at: from git, or from its files where starting git would cost too much. */

import type { Commit } from "./past_run.ts";

/**
 * The commit of the working tree at `dir`; null outside a repository.
 * @param look Also whether tracked files differ from it, which needs git.
 */
export async function commitAt(dir: string, look: boolean): Promise<Commit | null> {
  const git = gitDirOf(dir);
  if (git === null) return null;
  const known = look ? await askGit(dir) : null;
  if (known !== null) return known;
  const id = headOf(git);
  return id === null ? null : { id, changed: null };
}

async function askGit(dir: string): Promise<Commit | null> {
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", dir, ...args],
      stdin: "null",
      stderr: "null",
    }).output();
    if (!success) throw new Error("git failed");
    return new TextDecoder().decode(stdout).trim();
  };
  try {
    const [id, changes] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("status", "--porcelain", "--untracked-files=no"),
    ]);
    return { id, changed: changes !== "" };
  } catch {
    return null;
  }
}

/** The `.git` directory that governs `dir`, which a worktree names in a file. */
function gitDirOf(dir: string): string | null {
  for (let at = dir;; at = at.slice(0, at.lastIndexOf("/"))) {
    const path = `${at}/.git`;
    try {
      if (Deno.statSync(path).isDirectory) return path;
      const named = /^gitdir: (.*)$/m.exec(Deno.readTextFileSync(path))?.[1];
      return named === undefined ? null : named.startsWith("/") ? named : `${at}/${named}`;
    } catch {
      // Not here: look above.
    }
    if (at === "") return null;
  }
}

function headOf(git: string): string | null {
  const head = read(`${git}/HEAD`);
  const ref = head === null ? null : /^ref: (.+)$/.exec(head)?.[1];
  if (ref === undefined) return idIn(head);
  if (ref === null) return null;
  const common = read(`${git}/commondir`);
  const shared = common === null ? git : common.startsWith("/") ? common : `${git}/${common}`;
  const loose = idIn(read(`${git}/${ref}`)) ?? idIn(read(`${shared}/${ref}`));
  if (loose !== null) return loose;
  const packed = read(`${shared}/packed-refs`)?.split("\n") ?? [];
  return idIn(packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0] ?? null);
}

function idIn(text: string | null): string | null {
  return text !== null && /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}

function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return null;
  }
}
