/** Resource slots: what an attempt at a node occupies, and who may start with what is free. */

import { IndexHeap } from "./index_heap.ts";
import type { Node } from "../types.ts";

/** What there is, or what one attempt occupies. Memory in MiB; a slot that is not listed is 0. */
export interface Amounts {
  readonly cores: number;
  readonly memory: number;
  readonly slots: Readonly<Record<string, number>>;
}

/**
 * What an attempt at a node occupies, at most all that there is: planning refuses nodes whose first attempt
 * asks for more, cores apart, and later attempts take what they can get.
 *
 * @param attempt From 1.
 */
export function needsOf(node: Node, attempt: number, limits: Amounts): Amounts {
  const { cores = node.cores, memory = 0, slots = {} } = node.resources?.(attempt) ?? {};
  return {
    cores: Math.max(1, Math.min(cores, limits.cores)),
    memory: Math.min(memory, limits.memory),
    slots: Object.fromEntries(
      Object.entries(slots).map(([name, n]) => [name, Math.min(n, limits.slots[name] ?? 0)]),
    ),
  };
}

/** Nodes of equal needs: when the first of them cannot start, none can. */
interface Group {
  readonly needs: Amounts;
  /** The needs as (name, amount), without zeros. */
  readonly amounts: readonly (readonly [string, number])[];
  readonly waiting: IndexHeap;
}

/**
 * Nodes that wait for resources, first come first served by their index.
 *
 * A node that does not fit lets later ones pass that leave alone what it lacks: those resources are kept
 * for it until it starts, so a wide node is not starved by narrow ones. Each operation takes O(log n)
 * plus the number of different needs.
 */
export class SlotQueue {
  readonly #free: Map<string, number>;
  readonly #groups = new Map<string, Group>();
  /** The first node that did not fit, and what is kept for it. */
  #head = -1;
  readonly #kept = new Set<string>();
  readonly #isWaiting: (index: number, needs: Amounts) => boolean;

  /**
   * @param isWaiting Whether a node in the queue still waits, with these needs; others are dropped.
   */
  constructor(limits: Amounts, isWaiting: (index: number, needs: Amounts) => boolean) {
    this.#free = new Map(amountsOf(limits));
    this.#isWaiting = isWaiting;
  }

  push(index: number, needs: Amounts): Amounts {
    const amounts = amountsOf(needs);
    const name = amounts.map(([resource, n]) => `${resource}=${n}`).join();
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { needs, amounts, waiting: new IndexHeap() };
      this.#groups.set(name, group);
    }
    group.waiting.push(index);
    return group.needs;
  }

  /** The node that may start now, the smallest index first; `Infinity` when there is none. */
  first(): number {
    return this.#next()?.waiting.first ?? Infinity;
  }

  /** Takes the node that {@link first} names out of the queue. Its resources stay free until `take`. */
  shift(): number {
    return this.#next()?.waiting.pop() ?? Infinity;
  }

  take(needs: Amounts): void {
    for (const [name, n] of amountsOf(needs)) this.#free.set(name, this.#freeOf(name) - n);
  }

  give(needs: Amounts): void {
    for (const [name, n] of amountsOf(needs)) this.#free.set(name, this.#freeOf(name) + n);
  }

  #next(): Group | null {
    // Everything needs a core.
    if (this.#freeOf("cores") < 1) return null;
    let head: Group | null = null;
    for (const group of this.#groups.values()) {
      const { waiting, needs } = group;
      while (waiting.first !== Infinity && !this.#isWaiting(waiting.first, needs)) waiting.pop();
      if (waiting.first < (head?.waiting.first ?? Infinity)) head = group;
    }
    if (head === null) return null;
    if (this.#head !== head.waiting.first) {
      this.#head = head.waiting.first;
      this.#kept.clear();
    }
    const lacking = head.amounts.filter(([name, n]) => n > this.#freeOf(name));
    if (lacking.length === 0) return head;
    for (const [name] of lacking) this.#kept.add(name);
    if (this.#kept.has("cores")) return null;
    let best: Group | null = null;
    for (const group of this.#groups.values()) {
      if (group.waiting.first >= (best?.waiting.first ?? Infinity)) continue;
      const may = group.amounts.every(([name, n]) =>
        n <= this.#freeOf(name) && !this.#kept.has(name)
      );
      if (may) best = group;
    }
    return best;
  }

  #freeOf(name: string): number {
    return this.#free.get(name) ?? 0;
  }
}

function amountsOf({ cores, memory, slots }: Amounts): (readonly [string, number])[] {
  const named = Object.entries(slots).map(([name, n]) => [`slot ${name}`, n] as const);
  return [["cores", cores] as const, ["memory", memory] as const, ...named.sort()]
    .filter(([, n]) => n > 0);
}
