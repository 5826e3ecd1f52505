/** What killed processes leave in a store: it costs space and nothing else, and `gc` removes it. */

import { isHeld } from "../store/lock_file.ts";
import { filesBelow, namesIn, textOf } from "./files.ts";

/** Counts of what is left behind, by name; zeros are left out. */
export function remainsOf(store: string): Record<string, number> {
  const free = (path: string) => {
    try {
      return !isHeld(path);
    } catch {
      return false;
    }
  };
  const attempts = namesIn(`${store}/attempts`);
  const counts: Record<string, number> = {
    "abandoned attempts": attempts.filter((name) => free(`${store}/attempts/${name}/lock`)).length,
    "leases of dead processes": namesIn(`${store}/leases`)
      .filter((name) => !name.endsWith(".owner") && free(`${store}/leases/${name}`)).length,
    "temporary files": namesIn(`${store}/tmp`).length,
    "logs of failed stages": namesIn(`${store}/logs`).length,
    "objects in quarantine": namesIn(`${store}/quarantine`).length,
    "torn lines": [...filesBelow(`${store}/last`)].reduce((sum, path) => sum + tornLines(path), 0),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function tornLines(path: string): number {
  const lines = (textOf(path) ?? "").split("\n").filter((line) => line !== "");
  return lines.filter((line) => {
    try {
      return !Array.isArray(JSON.parse(line));
    } catch {
      return true;
    }
  }).length;
}
