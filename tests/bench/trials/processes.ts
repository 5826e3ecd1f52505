// Starts commands whose children may outlive them, and finds processes below them.

import type { Command } from "./tool.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command at work. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

const ENV = {
  NO_COLOR: "1",
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  DVC_NO_ANALYTICS: "1",
  NO_UPDATE_NOTIFIER: "1",
};

/** Starts a command. What it says goes to files, because children left alive would keep pipes open. */
export function start({ program, args, env }: Command, dir: string): Running {
  const log = Deno.makeTempFileSync({ prefix: "trial-log-" });
  const child = new Deno.Command("sh", {
    args: ["-c", `exec "$@" >"$0" 2>"$0.err"`, log, program, ...args],
    cwd: dir,
    env: { ...ENV, INIT_CWD: dir, ...env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = child.status.then(({ code }) => {
    const [out, err] = [log, `${log}.err`].map((path) => {
      const text = Deno.readTextFileSync(path);
      Deno.removeSync(path);
      return text;
    });
    return { code, out, err };
  });
  return { pid: child.pid, ended };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cwd: string;
}

function processes(): Process[] {
  const found: Process[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z") continue;
      found.push({
        pid: Number(name),
        parent: Number(parent),
        command: Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " "),
        cwd: Deno.readLinkSync(`/proc/${name}/cwd`),
      });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

const inside = (dir: string, path: string) => path === dir || path.startsWith(`${dir}/`);

/** Kills the tool with SIGKILL and nothing else: not the step, nor what stands between them. */
export function killTool(pid: number, dir: string, own: RegExp): void {
  const mine = processes().filter((p) => inside(dir, p.cwd) && own.test(p.command));
  for (const victim of new Set([pid, ...mine.map((p) => p.pid)])) {
    try {
      Deno.kill(victim, "SIGKILL");
    } catch {
      // It ended with another one.
    }
  }
}

/** Processes of steps that are at work in `dir`. */
export function stepsAlive(dir: string, own: RegExp): number {
  return processes().filter((p) => inside(dir, p.cwd) && !own.test(p.command)).length;
}

/** Waits until `holds`, or until `over` is resolved. @returns whether it held. */
export async function until(holds: () => boolean, over?: Promise<unknown>): Promise<boolean> {
  let ended = false;
  over?.then(() => ended = true);
  while (!holds()) {
    if (ended) return false;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  return true;
}
