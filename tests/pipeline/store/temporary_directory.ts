/** A temporary directory in memory where the system has that: flushing waits for whatever else is written to the disk. */
export function temporaryDirectory(prefix: string): string {
  try {
    return Deno.makeTempDirSync({ dir: "/dev/shm", prefix });
  } catch {
    return Deno.realPathSync(Deno.makeTempDirSync({ prefix }));
  }
}
