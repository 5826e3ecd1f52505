/** The same steps done by DVC, when it is installed. */

/** Seconds by step. */
export interface DvcTimes {
  readonly version: string;
  readonly times: Readonly<Record<string, number>>;
}

/** Where to measure. */
export interface DvcPlace {
  readonly program: string;
  /** A directory on the same disk as ours. */
  readonly base: string;
}

async function timed(program: string, cwd: string, ...args: string[]): Promise<number> {
  const start = performance.now();
  const { code, stderr } = await new Deno.Command(program, { args, cwd }).output();
  if (code !== 0) throw new Error(`${program} ${args}: ${new TextDecoder().decode(stderr)}`);
  return (performance.now() - start) / 1000;
}

async function project(
  { program, base }: DvcPlace,
): Promise<{ dir: string; version: string } | null> {
  let version: string;
  try {
    const { code, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    if (code !== 0) return null;
    version = new TextDecoder().decode(stdout).trim();
  } catch {
    return null;
  }
  const dir = `${base}/dvc`;
  Deno.mkdirSync(dir);
  await timed(program, dir, "init", "--no-scm", "-q");
  await timed(program, dir, "config", "core.analytics", "false");
  await timed(program, dir, "config", "core.site_cache_dir", `${dir}/site`);
  return { dir, version };
}

/** Adds, adds again, adds after one change, checks out. @returns null without DVC. */
export async function measureDvcTree(
  place: DvcPlace,
  make: (dir: string) => void,
  touch: (dir: string, n: number) => void,
): Promise<DvcTimes | null> {
  const found = await project(place);
  if (found === null) return null;
  const { dir, version } = found;
  const data = `${dir}/data`;
  make(data);
  const add = await timed(place.program, dir, "add", "-q", "data");
  const unchanged = await timed(place.program, dir, "status", "-q");
  touch(data, 1);
  const changed = await timed(place.program, dir, "add", "-q", "data");
  Deno.removeSync(data, { recursive: true });
  const restore = await timed(place.program, dir, "checkout", "-q");
  Deno.removeSync(dir, { recursive: true });
  return { version, times: { add, unchanged, changed, restore } };
}

/** Adds one file by link. @returns null without DVC. */
export async function measureDvcFile(place: DvcPlace, path: string): Promise<DvcTimes | null> {
  const found = await project(place);
  if (found === null) return null;
  const { dir, version } = found;
  await timed(place.program, dir, "config", "cache.type", "hardlink");
  Deno.renameSync(path, `${dir}/large.bin`);
  try {
    const add = await timed(place.program, dir, "add", "-q", "large.bin");
    return { version, times: { add } };
  } finally {
    Deno.renameSync(`${dir}/large.bin`, path);
    Deno.removeSync(dir, { recursive: true });
  }
}
