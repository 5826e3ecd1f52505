/** A lock file brought up to date with a run: as little changes as can be. Pure. */

import type { Entry, PresetLock, Presets } from "./file.ts";
import type { Came } from "./outcome.ts";

/** The presets with what came of a run in place of what was expected; tolerances stay. */
export function updated(presets: Presets, preset: string, came: Came): Presets {
  const before = presets[preset];
  const old = before?.providers[came.class];
  const portable = came.portable ?? new Set(Object.keys(before?.everywhere ?? {}));
  const part = (isPortable: boolean) =>
    Object.fromEntries(
      Object.entries(came.stages).filter(([stage]) => portable.has(stage) === isPortable),
    );
  const entry: Entry = {
    date: came.date,
    seconds: came.seconds,
    environment: { ...came.environment },
    verdicts: { ...came.verdicts },
    metrics: metricsOf(came, old),
    bytes: part(false),
    artifacts: { ...came.artifacts },
  };
  const lock: PresetLock = {
    tolerance: before?.tolerance ?? 0.05,
    everywhere: part(true),
    providers: { ...before?.providers, [came.class]: isSame(old, entry) ? old! : entry },
  };
  return { ...presets, [preset]: lock };
}

function metricsOf({ metrics }: Came, old: Entry | undefined): Entry["metrics"] {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => {
      if (value === null) return [];
      const was = old?.metrics[name];
      return [[name, typeof was === "object" ? { ...was, value } : value]];
    }),
  );
}

/** Date and time alone are no reason for a diff. */
function isSame(old: Entry | undefined, entry: Entry): boolean {
  const facts = (e: Entry) => {
    const { date: _, seconds: __, ...rest } = e;
    return JSON.stringify(
      rest,
      (_, value) =>
        value !== null && typeof value === "object" && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
          : value,
    );
  };
  return old !== undefined && facts(old) === facts(entry);
}
