// Times commands from outside, as a user waits for them.

/** One command of a peer or of ours. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How one execution went. */
export interface Timed {
  readonly seconds: number;
  /** Peak resident memory in MB as far as it was seen; 0 where the system does not tell. */
  readonly megabytes: number;
}

/** Runs a command once. @throws Error with what it said when it fails. */
export async function time({ program, args, cwd, env }: Command): Promise<Timed> {
  const start = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let megabytes = 0;
  const look = () => megabytes = Math.max(megabytes, peakOf(child.pid));
  const timer = setInterval(look, 10);
  const { code, stdout, stderr } = await child.output();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  if (code !== 0) {
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${said.slice(-2000)}`);
  }
  return { seconds, megabytes };
}

function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The fastest of several executions, and the largest memory: other work on the machine only adds time. */
export async function fastest(command: Command, turns: number): Promise<Timed> {
  let seconds = Infinity;
  let megabytes = 0;
  for (let turn = 0; turn < turns; turn++) {
    const timed = await time(command);
    seconds = Math.min(seconds, timed.seconds);
    megabytes = Math.max(megabytes, timed.megabytes);
  }
  return { seconds, megabytes };
}

/** Seconds of several executions. */
export interface Spread {
  readonly fastest: number;
  readonly median: number;
}

/** Executes two commands in turns, so that what else the machine does disturbs both. */
export async function inTurns(
  a: Command,
  b: Command,
  turns: number,
): Promise<readonly [Spread, Spread]> {
  const seconds: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    seconds[0].push((await time(a)).seconds);
    seconds[1].push((await time(b)).seconds);
  }
  const spread = (all: number[]): Spread => {
    const sorted = all.toSorted((x, y) => x - y);
    return { fastest: sorted[0], median: sorted[turns >> 1] };
  };
  return [spread(seconds[0]), spread(seconds[1])];
}

/** The first that runs with `--version`; null when none does. */
export async function firstThatRuns(programs: readonly string[]): Promise<string | null> {
  for (const program of programs) {
    try {
      const { success } = await new Deno.Command(program, {
        args: ["--version"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return program;
    } catch {
      // Not installed.
    }
  }
  return null;
}
