/** Under which circumstances a run happened: versions, command line, commit. */

import { commitAt } from "../history/commit.ts";
import { withoutCredentials } from "../remote/address.ts";
import type { PipelineMeta } from "../report/model.ts";

/**
 * The command line as a user would type it again, without the arguments in `leaveOut` and without
 * passwords in addresses.
 */
export function commandLine(leaveOut: readonly string[] = []): string {
  const args = Deno.args.filter((a) => a !== "--" && !leaveOut.includes(a));
  return ["deno task", ...args.map(withoutCredentials).map(shellQuote)].join(" ");
}

/** Quotes an argument for a POSIX shell where it needs to be. */
export function shellQuote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

/** Everything about the moment that the report states. `rootDir` is where git is asked. */
export async function circumstances(
  rootDir: string,
): Promise<Pick<PipelineMeta, "deno" | "system" | "command" | "date" | "commit">> {
  return {
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    command: commandLine(),
    date: new Date().toISOString(),
    commit: await commitOf(rootDir),
  };
}

/** The commit of the working tree, "+" appended when tracked files differ; null without git. */
async function commitOf(rootDir: string): Promise<string | null> {
  const commit = await commitAt(rootDir, true);
  return commit === null ? null : commit.changed ? `${commit.id}+` : commit.id;
}
