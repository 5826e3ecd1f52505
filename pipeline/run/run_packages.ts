/** The npm packages of a run's stages: fetched before they are needed, because stages have no network. */

import type { Programs } from "../code/programs.ts";
import type { Store } from "../store/store.ts";
import type { PlannedNode, RunEvent } from "../types.ts";

/** Fetches what stages import: at once, or when the first stage runs, since a remote may have all results. */
export class Packages {
  #owed: PlannedNode[] = [];
  #fetched: Promise<void> = Promise.resolve();

  constructor(
    readonly fetch: (nodes: readonly PlannedNode[]) => Promise<void>,
    readonly late: boolean,
  ) {}

  /** These nodes may run. */
  async need(nodes: readonly PlannedNode[]): Promise<void> {
    if (this.late) this.#owed.push(...nodes);
    else await this.fetch(nodes);
  }

  /** Before a stage runs. */
  ready(): Promise<void> {
    if (this.#owed.length > 0) {
      const nodes = this.#owed;
      this.#owed = [];
      this.#fetched = this.#fetched.then(() => this.fetch(nodes));
    }
    return this.#fetched;
  }
}

/** Fetches the npm packages that programs import, because stages have no network. */
export async function prepare(
  nodes: readonly PlannedNode[],
  programOf: Programs["of"],
  { store, root, lockFile, signal, onEvent }: {
    store: Store;
    root: string;
    lockFile: string | null;
    signal: AbortSignal;
    onEvent(event: RunEvent): void;
  },
): Promise<void> {
  const specifiers = new Set<string>();
  for (const { node, status } of nodes) {
    if (status === "cached") continue;
    for (const specifier of programOf(node)?.specifiers ?? []) specifiers.add(specifier);
  }
  const setup = (message: string) => onEvent({ type: "setup", message });
  const fetching = { host: store.host, root, signal, onLog: setup };
  // Deno may complete the lock file it is given; the project's own stays as it is.
  const { preparePackages } = await import("../sources/packages.ts");
  const copy = lockFile === null ? null : `${store.dir}/tmp/${store.host.unique()}.lock`;
  if (copy !== null) store.host.files.copy(lockFile!, copy);
  try {
    await preparePackages([...specifiers].sort(), copy, fetching, (list) => {
      setup(`Fetching npm packages: ${list.map((s) => s.replace(/^npm:/, "")).join(", ")}`);
    });
  } catch (error) {
    // Stopped by the user: the scheduler says so for each node.
    if (!signal.aborted) throw error;
  } finally {
    if (copy !== null) store.host.files.remove(copy);
  }
}
