// Where nodes come from: named scopes, and, if asked for, the user's lines. Nodes without either cost nothing.
import { type CallSite, callSite, shortPlace } from "./call_site.ts";

/** What is remembered of a node beside its operator. */
export interface Origin {
  /**
   * Names of the scopes around it, outermost first, joined by "/"; without any, those of the functions
   * if lines are recorded; else "".
   */
  readonly scope: string;
  /** The line that made it, if sites are recorded. */
  readonly site: CallSite | null;
}

const nowhere: Origin = { scope: "", site: null };

const origins = new WeakMap<object, Origin>();
let scope = "";
let recording = false;
/** Whether any node has an origin; until then nothing is looked up. */
let known = false;
/** The origin that new nodes take over while a node is rebuilt or differentiated. */
let inherited: Origin | null = null;

/** Remembers where a new node comes from. */
export function remember(node: object): void {
  if (inherited !== null) {
    if (inherited !== nowhere) origins.set(node, inherited);
  } else if (recording || scope !== "") {
    known = true;
    const site = recording ? callSite() : null;
    origins.set(node, { scope: scope === "" ? site?.functions.join("/") ?? "" : scope, site });
  }
}

/** Where a node comes from, as far as it is known. */
export function originOf(node: object): Origin {
  return origins.get(node) ?? nowhere;
}

/** `via linear, model.ts:12:9`: the line that made a node, or null if it was not recorded. */
export function madeAt(node: object): string | null {
  const { site } = originOf(node);
  return site && shortPlace(site);
}

/** Runs `f`; nodes made meanwhile get the origin of `node`, in the scope `within` it if given. */
export function inheriting<R>(node: object, f: () => R, within?: string): R {
  if (!known) return f();
  const outer = inherited;
  const own = originOf(node);
  inherited = within === undefined || own === nowhere
    ? own
    : { ...own, scope: own.scope === "" ? within : `${within}/${own.scope}` };
  try {
    return f();
  } finally {
    inherited = outer;
  }
}

/** Runs `f` with the user's lines recorded for every node, or as before. */
export function recordingSites<R>(record: boolean, f: () => R): R {
  const outer = recording;
  recording = record;
  try {
    return f();
  } finally {
    recording = outer;
  }
}

/**
 * Runs `f` and names what it computes: in the model's node names, in `draw()` and in profiles. May
 * be nested; the values are not changed.
 *
 * @example
 * ```ts
 * import { namedScope, relu, type Tensor } from "./mod.ts";
 * const layer = (x: Tensor) => namedScope("layer1", () => relu(x));
 * ```
 */
export function namedScope<R>(name: string, f: () => R): R {
  const outer = scope;
  scope = outer === "" ? name : `${outer}/${name}`;
  try {
    return f();
  } finally {
    scope = outer;
  }
}
