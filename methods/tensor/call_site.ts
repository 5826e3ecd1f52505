// Where in the user's code an operator was called: read from the stack, only when an error is made or asked for.

/** A place in the user's code. */
export interface CallSite {
  /** `file:///…/model.ts:12:9`: the innermost frame outside the compiler and its layers. */
  readonly where: string;
  /** Functions of methods/nn and methods/optim between that place and the operator, outermost first. */
  readonly via: readonly string[];
  /** The function of the compiler that was called there; null if it has no name. */
  readonly operator: string | null;
  /** Functions between `compile` and the operator but the compiler's own, outermost first. */
  readonly functions: readonly string[];
}

/** One line of a V8 stack: an optional function name, then the place. */
const frameLine = /^\s*at (?:async )?(?:(.+?) \()?([^()\s]+:\d+:\d+)\)?$/;

/** Frames kept of a stack: enough for derivatives of derivatives in loops. */
const FRAMES = 200;

/** The stack of the caller as text, deeper than usual. */
function stackText(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return stack ?? "";
}

/** The last name of `Object.loss` or `Array.map`; none for constructors and anonymous functions. */
function plainName(name: string | undefined): string | null {
  const last = name?.replace(/ \[as .*\]$/, "").split(".").at(-1);
  return last && /^[\w$]+$/.test(last) ? last : null;
}

/**
 * The call site in a stack's text, or null when all frames are the compiler's own.
 * @param home URL of methods/tensor/, ending in a slash
 */
export function callSiteIn(stack: string, home: string): CallSite | null {
  const libraries = ["../nn/", "../optim/"].map((path) => new URL(path, home).href);
  const via: string[] = [], functions: string[] = [];
  let where: string | null = null, operator: string | null = null;
  let outside = false, compiled = false;
  for (const line of stack.split("\n")) {
    const match = frameLine.exec(line);
    if (match === null) continue;
    const [, name, place] = match;
    if (/^(ext|node|native):/.test(place)) continue;
    const plain = plainName(name);
    if (place.startsWith(home)) {
      if (outside && plain === "compile") compiled = true;
      if (!outside) operator = plain;
      continue;
    }
    outside = true;
    if (plain !== null && !compiled) functions.unshift(plain);
    if (where === null && libraries.some((library) => place.startsWith(library))) {
      if (plain !== null) via.unshift(plain);
      continue;
    }
    where ??= place;
  }
  return where === null ? null : { where, via, operator, functions };
}

/**
 * The call site of whatever is being computed. Null in a bundled program, where frames do not tell
 * whose code they are; its source map does.
 */
export function callSite(): CallSite | null {
  const { url } = import.meta;
  if (!url.endsWith("/tensor/call_site.ts")) return null;
  return callSiteIn(stackText(), new URL("./", url).href);
}

/** `via linear, model.ts:12:9`: a call site as messages write it, with the file's name alone. */
export function shortPlace({ where, via }: CallSite): string {
  const place = decodeURI(where.slice(where.lastIndexOf("/") + 1));
  return via.length === 0 ? place : `via ${via.join(" > ")}, ${place}`;
}
