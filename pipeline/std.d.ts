/** Types of the parts of `npm:deno-std` that the engine uses; the package ships none. */

/** A YAML text that cannot be read. Line and column count from 1. */
export class YamlSyntaxError extends SyntaxError {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly snippet: string;
}

/** Reads one YAML document. @throws {YamlSyntaxError} When the text is malformed. */
export function parse(content: string, options?: {
  schema?: "failsafe" | "json" | "core" | "default" | "extended";
  allowDuplicateKeys?: boolean;
  onWarning?: (error: Error) => void;
}): unknown;

/** Writes a value as one YAML document. @throws {TypeError} For what YAML cannot hold. */
export function stringify(value: unknown, options?: {
  schema?: "failsafe" | "json" | "core" | "default" | "extended";
  /** -1: lines are not folded. */
  lineWidth?: number;
  quoteStyle?: "'" | '"';
}): string;

/** How `parseArgs` reads a command line. */
export interface ParseArgsOptions {
  readonly boolean?: boolean | string | readonly string[];
  readonly string?: string | readonly string[];
  readonly collect?: string | readonly string[];
  readonly negatable?: string | readonly string[];
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  readonly default?: Readonly<Record<string, unknown>>;
  readonly stopEarly?: boolean;
  readonly "--"?: boolean;
  readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** What `parseArgs` returns: positional arguments in `_`, options by name. */
export interface ParsedArgs {
  readonly _: readonly (string | number)[];
  readonly "--"?: readonly string[];
  readonly [name: string]: unknown;
}

/** Reads command-line arguments. */
export function parseArgs(args: readonly string[], options?: ParseArgsOptions): ParsedArgs;

/** A regular expression that matches whole POSIX paths by a glob: `*`, `**`, `?`, `[…]`, `{a,b}`. */
export function globToRegExp(glob: string, options?: {
  readonly extended?: boolean;
  readonly globstar?: boolean;
  readonly caseInsensitive?: boolean;
}): RegExp;
