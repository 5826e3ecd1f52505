/** Schedules made-up nodes whose work happens in this process. */

import { sha256 } from "../../../pipeline/canonical.ts";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { json, many } from "../../../pipeline/mod.ts";
import { schedule, type Task } from "../../../pipeline/run/scheduler.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Artifact, Node, Outcome, Plan, RunEvent } from "../../../pipeline/types.ts";

const PROGRAM = {
  digest: sha256("p"),
  code: new Uint8Array(),
  files: {},
  packages: {},
  specifiers: [],
  sources: [],
};

/** A node that reads all of `upstream`. */
export function node(
  id: string,
  upstream: readonly Node[] = [],
  options: Partial<Node> = {},
): Node {
  const inputs = upstream.map((n): Artifact => ({ node: n, output: "out", kind: json() }));
  return {
    id,
    stage: id.replace(/\[.*/, ""),
    describe: "",
    work: { type: "module", implementation: new URL("file:///x.ts"), provider: false },
    inputs: { all: inputs },
    inputKinds: { all: many(json()) },
    params: { id },
    outputs: { out: json() },
    cores: 1,
    ...options,
  };
}

export const planOf = (nodes: readonly Node[]): Plan => ({
  paper: "p",
  preset: "small",
  provider: "cpu",
  nodes: nodes.map((node) => ({ node, status: "pending", changes: [], key: null, record: null })),
});

/** How nodes are worked on. */
export interface Bench {
  readonly jobs?: number;
  readonly memory?: number;
  readonly slots?: Readonly<Record<string, number>>;
  readonly host?: Host;
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** The content of the task's output. */
  readonly work: (task: Task) => Promise<string> | string;
  readonly onEvent?: (event: RunEvent) => void;
  /** Told each time that a node's program is asked for, as when its key is made. */
  readonly onProgram?: (node: Node) => void;
}

/** A store of its own. */
export class Place {
  readonly path = Deno.makeTempDirSync({ prefix: "scheduler-" });
  async schedule(nodes: readonly Node[], bench: Bench): Promise<Outcome[]> {
    const store = await Store.open(this.path, bench.host ?? systemHost);
    return await schedule({
      plan: planOf(nodes),
      jobs: bench.jobs ?? 2,
      memory: bench.memory,
      slots: bench.slots,
      force: bench.force ?? false,
      store,
      signal: bench.signal ?? new AbortController().signal,
      programOf: (node) => {
        bench.onProgram?.(node);
        return PROGRAM;
      },
      onEvent: bench.onEvent ?? (() => {}),
      async execute(task) {
        const content = await bench.work(task);
        const digest = await store.putBytes(new TextEncoder().encode(content));
        const out = {
          digest,
          form: "file",
          media: "application/json",
          bytes: content.length,
        } as const;
        return { outputs: { out }, log: null };
      },
    });
  }
  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}
