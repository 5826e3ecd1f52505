// Large blocks of memory that come and go at every step stay in the process.

/** Options of glibc's mallopt(3). */
const M_TRIM_THRESHOLD = -1, M_MMAP_THRESHOLD = -3;

let told = false;

/**
 * Tells glibc to keep freed blocks of up to 2 GiB. It otherwise maps every block above 32 MiB anew and unmaps it
 * afterwards, and each of its pages costs a fault: a fifth of a step whose gradients and moments are of that
 * size. For the whole process, once; nothing happens on other systems, or without leave to call any library.
 */
export function keepLargeBlocks(): void {
  if (told || Deno.build.os !== "linux") return;
  told = true;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return;
  try {
    const { mallopt } = Deno.dlopen("libc.so.6", {
      mallopt: { parameters: ["i32", "i32"], result: "i32" },
    }).symbols;
    const most = 2 ** 31 - 1;
    mallopt(M_MMAP_THRESHOLD, most);
    mallopt(M_TRIM_THRESHOLD, most);
  } catch {
    // Another C library, with its own ways.
  }
}
