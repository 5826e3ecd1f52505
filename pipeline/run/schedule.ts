/** What the scheduler is asked to do, and how it words what went wrong. */

import { storeFailure } from "./child_failure.ts";
import type { Bundle } from "../code/code_identity.ts";
import type { Finished } from "./executor.ts";
import { declaredEnvironment } from "../plan/declared.ts";
import { Failed } from "../failure.ts";
import type { RemoteCache } from "../remote/types.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type {
  Digest,
  Failure,
  KeyComponents,
  Node,
  OutputEntry,
  Plan,
  PlannedNode,
  Progress,
  RecordSummary,
  RunEvent,
  SourceContent,
} from "../types.ts";

/** One node, ready to run. */
export interface Task {
  readonly node: Node;
  readonly key: Digest;
  readonly program: Bundle | null;
  /** Of local data: what it held when the run was planned. */
  readonly content?: SourceContent;
  /** Input name → contents. */
  readonly inputs: Readonly<Record<string, readonly OutputEntry[]>>;
  readonly threads: number;
  /** Stops this attempt. */
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  onLog(line: string): void;
}

/** What to schedule and how to run one node. */
export interface Schedule {
  readonly plan: Plan;
  /** Core slots. */
  readonly jobs: number;
  /** MiB. @default without bound */
  readonly memory?: number;
  /** Named slots. @default none */
  readonly slots?: Readonly<Record<string, number>>;
  /** Run modules even where a record exists. */
  readonly force: boolean;
  /** Ids of nodes whose outputs people read without a stage in between: checked in full before they count. */
  readonly finals?: ReadonlySet<string>;
  /** Tells `gc` that this run counts on records. @returns false when it knew. */
  pin?(keys: readonly Digest[]): boolean;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Asked before a stage runs, unless forced; offered what ran. */
  readonly remote?: RemoteCache;
  programOf(node: Node): Bundle | null;
  /**
   * Makes the nodes of a fan-out whose list is known, and plans them.
   * @param recordOf The record of a node that is done.
   * @throws {Failed} or {@link DamagedObject}.
   */
  expand?(
    map: Node,
    recordOf: (node: Node) => RecordSummary | null,
  ): Promise<readonly PlannedNode[]>;
  /** @throws {Failed} or {@link DamagedObject}. */
  execute(task: Task): Promise<Finished>;
  onEvent(event: RunEvent): void;
}

/** A stage that is run again made another list than before. */
export function changedList(node: Node): Failure {
  return {
    code: "list-changed",
    message: "an item that it reads is not in its list any more",
    where: node.id,
    mend:
      "Run the same command again. The stage that makes the list gives another one each time; " +
      "it should depend on its inputs and parameters alone.",
  };
}

/**
 * Makes sure that the programs and variables that a stage declares are still those of its key.
 * @throws {Failed} `environment-changed`
 */
export function checkUnchanged({ id, work }: Node, { environment }: KeyComponents): void {
  for (const [name, now] of Object.entries(declaredEnvironment(work))) {
    if (environment[name] === now) continue;
    throw new Failed({
      code: "environment-changed",
      message: `the ${name} changed while the stage ran, so the result is not kept`,
      where: id,
      mend: "Let nothing replace it meanwhile, and run again.",
    });
  }
}

/** The failure behind whatever a node threw. */
export function failureFrom(error: unknown, node: Node, { signal, store }: Schedule): Failure {
  if (error instanceof Failed) return error.failure;
  if (signal.aborted) {
    return { code: "cancelled", message: "stopped before it was done", where: node.id };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DamagedObject) {
    const mend = "Check the disk that holds the store.";
    return { code: "damaged", message: `an input stays damaged: ${message}`, where: node.id, mend };
  }
  const trouble = storeFailure(error, store.dir);
  if (trouble !== null) return { ...trouble, where: node.id };
  return { code: "internal", message: `unexpected error: ${message}`, where: node.id };
}
