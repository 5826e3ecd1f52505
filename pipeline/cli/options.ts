/** Commands declared as data: parsing, checking and `--help` all come from one table. */

// @ts-types="../std.d.ts"
import { parseArgs } from "@std/cli";
import { Failed, nearest } from "../failure.ts";
import { wrap } from "../report/format.ts";

/** One option of a command. */
export interface OptionSpec {
  readonly type: "flag" | "text" | "count";
  /** What stands for the value in help, e.g. "DIR". */
  readonly value?: string;
  readonly describe: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  readonly short?: string;
}

/** An argument that is known by its place. */
export interface Positional {
  readonly name: string;
  readonly optional: boolean;
  /** Any number of them; for the last one. */
  readonly repeated?: boolean;
}

/** One command: `deno task <name>`. */
export interface CommandSpec {
  readonly name: string;
  readonly describe: string;
  /** Name of the positional argument, and whether it may be left out. */
  readonly positional?: Positional;
  /** Those after the first. */
  readonly more?: readonly Positional[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Shown under the options. */
  readonly examples?: readonly string[];
}

/** What was typed, checked against a `CommandSpec`. */
export interface Arguments {
  /** The first positional argument. */
  readonly positional: string | null;
  /** All of them. */
  readonly positionals: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly texts: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Parses `args` as `command` declares. A bare `--` is ignored, so that `deno task x -- --json` and
 * `deno task x --json` mean the same.
 * @throws Failed with code "usage" for unknown options, missing or bad values, surplus arguments.
 */
export function parseArguments(command: CommandSpec, args: readonly string[]): Arguments {
  const specs: Readonly<Record<string, OptionSpec>> = { ...command.options, ...HELP };
  const names = Object.keys(specs);
  const flagNames = names.filter((n) => specs[n].type === "flag");
  const unknown: string[] = [];
  const valued = names.filter((n) => specs[n].type !== "flag");
  const parsed = parseArgs(args.filter((a) => a !== "--"), {
    boolean: flagNames,
    string: [...valued, "_"],
    // Else the last of several would count, and nobody would know.
    collect: valued,
    alias: Object.fromEntries(
      names.flatMap((n) => specs[n].short ? [[specs[n].short, n]] : []),
    ),
    unknown: (arg) => {
      if (arg.startsWith("-")) {
        unknown.push(arg.replace(/=.*$/s, ""));
        return false;
      }
      return undefined;
    },
  });
  if (unknown.length) throw unknownOption(command, unknown[0], names);
  const counts: Record<string, number> = {};
  const texts: Record<string, string> = {};
  const flags = new Set<string>();
  for (const name of names) {
    if (specs[name].type === "flag") {
      if (parsed[name] === true) flags.add(name);
      continue;
    }
    const values = (parsed[name] ?? []) as string[];
    if (values.length > 0) {
      const text = checkValue(command, name, specs[name], values);
      if (specs[name].type === "count") counts[name] = Number(text);
      else texts[name] = text;
    }
  }
  const positionals = parsed._.map(String);
  if (!flags.has("help")) {
    const places = positionalsOf(command);
    const allowed = places.at(-1)?.repeated ? Infinity : places.length;
    if (positionals.length > allowed) {
      throw usage(command, `Unexpected argument "${positionals[allowed]}".`);
    }
  }
  return { positional: positionals[0] ?? null, positionals, flags, texts, counts };
}

const HELP: Readonly<Record<string, OptionSpec>> = {
  help: { type: "flag", short: "h", describe: "Show this help." },
};

function checkValue(
  command: CommandSpec,
  name: string,
  spec: OptionSpec,
  [text, ...more]: readonly string[],
): string {
  if (more.length > 0) throw usage(command, `--${name} was given more than once.`);
  if (text === "" || text.startsWith("--")) {
    throw usage(command, `--${name} needs a value: --${name} ${spec.value ?? "VALUE"}.`);
  }
  if (spec.choices && !spec.choices.includes(text)) {
    throw usage(command, `Unknown ${name} "${text}".`, oneOf(text, spec.choices));
  }
  if (spec.type === "count" && !/^[1-9]\d{0,5}$/.test(text)) {
    throw usage(command, `--${name} needs a whole number of 1 or more, not "${text}".`);
  }
  return text;
}

/** For short closed lists: the guess and the whole list. */
function oneOf(text: string, choices: readonly string[]): string {
  const best = nearest(text, choices);
  return `${best ? `Did you mean "${best}"? ` : ""}Choose one of ${choices.join(", ")}.`;
}

function unknownOption(command: CommandSpec, arg: string, names: readonly string[]): Failed {
  const best = nearest(arg.replace(/^-+/, ""), names);
  return usage(command, `Unknown option ${arg}.`, best ? `Did you mean --${best}?` : "");
}

/** A usage failure that points at `--help`. */
export function usage(command: CommandSpec, message: string, mend = ""): Failed {
  const help = `\`deno task ${command.name} --help\` lists what is understood.`;
  return new Failed({ code: "usage", message, mend: mend ? `${mend} ${help}` : help });
}

function positionalsOf({ positional, more }: CommandSpec): readonly Positional[] {
  return [...(positional ? [positional] : []), ...(more ?? [])];
}

/** The text of `--help`, wrapped to `width` columns. */
export function helpText(command: CommandSpec, width = 80): string {
  const positional = positionalsOf(command)
    .map(({ name, optional, repeated }) => {
      const shown = repeated ? `${name}...` : name;
      return optional ? ` [${shown}]` : ` <${shown}>`;
    }).join("");
  const lines = [
    ...wrap(command.describe, width),
    "",
    `Usage: deno task ${command.name}${positional} [options]`,
    "",
    "Options:",
  ];
  const specs = Object.entries({ ...command.options, ...HELP });
  const heads = specs.map(([name, s]) => {
    const value = s.value ?? s.choices?.join("|");
    return `  ${s.short ? `-${s.short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
  });
  const column = Math.min(30, Math.max(...heads.map((h) => h.length)) + 2);
  specs.forEach(([_, spec], i) => {
    const body = wrap(spec.describe, Math.max(20, width - column));
    if (heads[i].length > column - 2) {
      lines.push(
        heads[i],
        ...body.map((l) => " ".repeat(column) + l),
      );
    } else {
      lines.push(heads[i].padEnd(column) + body[0]);
      lines.push(...body.slice(1).map((l) => " ".repeat(column) + l));
    }
  });
  if (command.examples?.length) {
    lines.push("", "Examples:", ...command.examples.map((e) => `  ${e}`));
  }
  return lines.join("\n");
}
