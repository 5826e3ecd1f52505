/** A store of records in memory, for tests of planning. */

import type { PlanStore } from "../../../pipeline/plan/plan.ts";
import type { Digest, KeyComponents, OutputEntry, StageRecord } from "../../../pipeline/types.ts";

/** A store in memory; programs are cached on disk. */
export class MemoryStore implements PlanStore {
  readonly records = new Map<Digest, StageRecord>();
  readonly last = new Map<string, KeyComponents>();
  readonly lost = new Set<Digest>();

  constructor(readonly dir: string) {}

  summaryOf(_paper: string, _preset: string, key: Digest): StageRecord | null {
    return this.records.get(key) ?? null;
  }

  has(entry: OutputEntry): boolean {
    return !this.lost.has(entry.digest);
  }

  lastComponents(paper: string, preset: string, nodeId: string): KeyComponents | null {
    return this.last.get(`${paper}/${preset}/${nodeId}`) ?? null;
  }
}
