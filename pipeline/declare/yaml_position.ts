/** Finds the line and column of a field in a YAML text, for messages; the YAML parser keeps no positions. */

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where the field that `path` leads to starts: its key, or the item of a list. Understands block and
 * flow collections as people write configuration; returns null where it cannot tell (anchors, tags,
 * complex keys), so callers fall back to an enclosing field.
 */
export function locate(text: string, path: readonly (string | number)[]): Position | null {
  if (path.length === 0) return { line: 1, column: 1 };
  return locateInBlock(text.split(/\r?\n/), 0, path);
}

function locateInBlock(
  lines: string[],
  start: number,
  path: readonly (string | number)[],
): Position | null {
  const first = nextContent(lines, start);
  if (first === -1) return null;
  const indent = indentOf(lines[first]);
  const [step, ...rest] = path;
  let item = -1;
  for (let i = first; i !== -1 && indentOf(lines[i]) >= indent; i = nextContent(lines, i + 1)) {
    if (indentOf(lines[i]) > indent) continue;
    const entry = typeof step === "number" ? dashAt(lines[i]) : keyAt(lines[i]);
    if (entry === null) {
      // A list may sit at the indentation of its key; the next key ends it.
      if (typeof step === "number") return null;
      continue;
    }
    item++;
    if (typeof step === "number" ? item !== step : entry.key !== step) continue;
    if (rest.length === 0) return { line: i + 1, column: indent + 1 };
    return locateInValue(lines, i, entry.value, rest);
  }
  return null;
}

/** Continues in the value that starts at `column` (from 0) of a line, or below it. */
function locateInValue(
  lines: string[],
  line: number,
  column: number,
  path: readonly (string | number)[],
): Position | null {
  const value = lines[line].slice(column);
  const skipped = value.length - value.trimStart().length;
  const content = value.trimStart();
  if (content.startsWith("{") || content.startsWith("[")) {
    return locateInFlow({ lines, line, column: column + skipped }, path);
  }
  if (content === "" || content.startsWith("#")) return locateInBlock(lines, line + 1, path);
  if (!/^\s*-/.test(lines[line])) return null;
  // `- key: value`: the item's first field is on the line of the dash.
  const rest = [...lines];
  rest[line] = " ".repeat(column + skipped) + content;
  return locateInBlock(rest, line, path);
}

interface Cursor {
  readonly lines: readonly string[];
  line: number;
  /** From 0. */
  column: number;
}

/** Continues in `{…}` or `[…]`, with the cursor on the opening bracket. */
function locateInFlow(at: Cursor, path: readonly (string | number)[]): Position | null {
  const [step, ...rest] = path;
  const isMap = peek(at) === "{";
  if (isMap !== (typeof step === "string")) return null;
  at.column++;
  for (let item = 0; skipBlank(at) && peek(at) !== "}" && peek(at) !== "]"; item++) {
    const position = { line: at.line + 1, column: at.column + 1 };
    const key = isMap ? readScalar(at, ":,}") : "";
    if (isMap) {
      skipBlank(at);
      if (peek(at) === ":") at.column++;
      skipBlank(at);
    }
    if (isMap ? key === step : item === step) {
      if (rest.length === 0) return position;
      return peek(at) === "{" || peek(at) === "[" ? locateInFlow(at, rest) : null;
    }
    skipValue(at);
    if (skipBlank(at) && peek(at) === ",") at.column++;
  }
  return null;
}

function skipValue(at: Cursor): void {
  if (peek(at) !== "{" && peek(at) !== "[") {
    readScalar(at, ",}]");
    return;
  }
  let depth = 0;
  do {
    const c = peek(at);
    if (c === "{" || c === "[") depth++;
    if (c === "}" || c === "]") depth--;
    if (c === '"' || c === "'") readScalar(at, "");
    else at.column++;
  } while (depth > 0 && skipBlank(at));
}

/** Reads a quoted scalar, or a plain one up to one of `ends` or the end of the line. */
function readScalar(at: Cursor, ends: string): string {
  const line = at.lines[at.line];
  const start = at.column;
  const quote = line[start];
  if (quote === '"' || quote === "'") {
    at.column++;
    while (at.column < line.length && line[at.column] !== quote) {
      at.column += quote === '"' && line[at.column] === "\\" ? 2 : 1;
    }
    at.column++;
    return line.slice(start + 1, at.column - 1);
  }
  while (at.column < line.length && !ends.includes(line[at.column])) at.column++;
  // Always move on, so that odd text cannot hold the scan.
  if (at.column === start) at.column++;
  return line.slice(start, at.column).trim();
}

function peek(at: Cursor): string | undefined {
  return at.lines[at.line]?.[at.column];
}

/** Moves to the next character of content; false at the end of the text. */
function skipBlank(at: Cursor): boolean {
  while (at.line < at.lines.length) {
    const c = peek(at);
    if (c === undefined || c === "#") {
      at.line++;
      at.column = 0;
    } else if (/\s/.test(c)) at.column++;
    else return true;
  }
  return false;
}

function nextContent(lines: readonly string[], from: number): number {
  for (let i = from; i < lines.length; i++) {
    if (/^\s*(#|$)/.test(lines[i]) || /^---(\s|$)/.test(lines[i])) continue;
    return i;
  }
  return -1;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

const keyPattern =
  /^\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#\-"'[{][^#]*?|-[^\s#][^#]*?))\s*:(?=\s|$)/;

function keyAt(line: string): { key: string; value: number } | null {
  const match = keyPattern.exec(line);
  if (match === null) return null;
  return { key: match[1] ?? match[2] ?? match[3], value: match[0].length };
}

function dashAt(line: string): { key: string; value: number } | null {
  const match = /^\s*-(?=\s|$)/.exec(line);
  return match === null ? null : { key: "", value: match[0].length };
}
