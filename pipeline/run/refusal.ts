/** Reads from a failed process what the sandbox refused, and says what to declare instead. */

/** A refusal for people. */
export interface Refusal {
  readonly message: string;
  readonly mend: string;
}

/** What a refusal is judged by. */
export interface Refused {
  /** The store's directory, which also holds attempts. */
  readonly store: string;
  /** Exact npm specifiers that the program imports. */
  readonly specifiers?: readonly string[];
}

function tried(what: string, mend: string): Refusal {
  return { message: `the stage tried to ${what}, which it does not declare`, mend };
}

/** The refusal of reading a file. */
export function refusedRead(path: string, store: string): Refusal {
  const what = `read the file ${path}`;
  if (path.startsWith(`${store}/`)) {
    return tried(
      what,
      "Files of the store and of other stages reach a stage through `inputs` only.",
    );
  }
  if (/^\/(proc|sys|dev)(\/|$)/.test(path)) {
    return tried(what, "Results must not depend on the machine: make it a parameter.");
  }
  return tried(
    what,
    `Declare it: list localFile(${JSON.stringify(path)}) or an output of another stage in ` +
      "`inputs`, or import it in the module.",
  );
}

const NETWORK = "Stages have no network. Declare the file as download({ … }) or the data as " +
  "npmPackage({ … }), and list it in `inputs`.";
const PROGRAM =
  "List it in `programs` of the declaration, so that its bytes enter the key, and start " +
  "it with Deno.Command; or do the work in the module.";
const PACKAGE =
  "Import the package by name in the module and list it in the import map of deno.json, " +
  "so that its version enters the key.";

/** What to declare for each permission that Deno names in `Requires … access to …`. */
const DECLARE: Readonly<Record<string, (what: string | undefined, by: Refused) => Refusal>> = {
  read: (path, { store }) => refusedRead(path ?? "(any)", store),
  write: (path) =>
    tried(
      path === undefined || path === "<TMP>"
        ? "write a temporary file outside its outputs"
        : `write the file ${path}`,
      "Write through `outputs` and list each in the declaration.",
    ),
  env: (name) =>
    name === undefined
      ? tried(
        "read all environment variables",
        "List the ones that it needs in `env` of the declaration and read each by its name.",
      )
      : tried(
        `read the environment variable ${name}`,
        "List it in `env` of the declaration, so that its value enters the key; or make it a parameter: " +
          "list it in `params` and give its value in config.yaml.",
      ),
  net: (host) => tried(`connect to ${host ?? "the network"}`, NETWORK),
  run: (program) =>
    program === undefined
      ? tried("start a program or send a signal to another process", PROGRAM)
      : tried(`start the program ${program}`, PROGRAM),
  ffi: (library) =>
    tried(
      `load the native library ${library ?? "(any)"}`,
      "Declare `provider: true` if the stage runs tensors; other native code is not permitted.",
    ),
  import: (host) => tried(`import a module from ${host ?? "the network"}`, PACKAGE),
  sys: (what) =>
    tried(
      `read system information (${what ?? "any"})`,
      "Results must not depend on the machine: make it a parameter.",
    ),
};

const REQUIRES =
  /Requires (\w+) access(?: to (?:"([^"\n]+)"|(<\w+>)))?, run again with the --allow-/;
/** Refusals that name no resource, e.g. of making links. */
const REFUSED = /NotCapable: ([^\n]{1,200})/;
const NEEDS_UNSCOPED = /(\w+)\(\) requires unscoped/;

/** Other words in which Deno refuses, each with what was tried. */
const OTHERS: readonly (readonly [RegExp, (what: string) => Refusal])[] = [
  [/getaddrinfo EPERM (\S+)/, (host) => tried(`look up the address of ${host}`, NETWORK)],
  [/query\w+ (?:UNKNOWN|EPERM) (\S+)/, (host) => tried(`look up the address of ${host}`, NETWORK)],
  [
    /A remote specifier was requested: "([^"\n]+)"/,
    (url) => tried(`import a module from ${url}`, PACKAGE),
  ],
  [
    /Import "([^"\n]+)" not a dependency/,
    (name) => tried(`import the package ${name} at run time`, PACKAGE),
  ],
];

/** What the sandbox refused, from a process's last words; null when it refused nothing. */
export function refusalIn(text: string, by: Refused): Refusal | null {
  const match = REQUIRES.exec(text);
  if (match !== null) {
    const [, kind, quoted, special] = match;
    // Node's interface to programs first copies the environment for them.
    if (kind === "env" && quoted === undefined && /child_process/.test(text)) {
      return tried("start a program through node:child_process", PROGRAM);
    }
    const declare = DECLARE[kind];
    const what = quoted ?? special;
    return declare?.(what, by) ??
      tried(`use ${kind} access to ${what ?? "anything"}`, "Declare it.");
  }
  for (const [pattern, refusal] of OTHERS) {
    const other = pattern.exec(text);
    if (other !== null) return refusal(other[1]);
  }
  const name = undeclaredPackage(text, by.specifiers ?? []);
  if (name !== null) return tried(`import the package ${name} at run time`, PACKAGE);
  const refused = REFUSED.exec(text)?.[1];
  if (refused === undefined) return null;
  const call = NEEDS_UNSCOPED.exec(refused)?.[1];
  return {
    message: call === undefined
      ? `the stage tried what stages may not do: ${refused}`
      : `the stage tried to make a link (${call}), which stages may not do`,
    mend: "Read from `inputs` and write regular files to `outputs` only.",
  };
}

/** A package that was imported by a computed name; the program's own are in its lock file. */
function undeclaredPackage(text: string, specifiers: readonly string[]): string | null {
  const own = (name: string) => specifiers.some((s) => s.startsWith(`npm:${name}@`));
  const missing = /npm package not found in cache: "([^"]+)"/.exec(text)?.[1] ??
    /Failed loading \S+ for package "([^"]+)"/.exec(text)?.[1];
  if (missing !== undefined) return own(missing) ? null : missing;
  if (!/The lockfile is out of date/.test(text)) return null;
  for (const [, name] of text.matchAll(/^\s*\d+ \| \+\s+"npm:([^"\s]+)@[^"@\s]+": /gm)) {
    if (!own(name)) return name;
  }
  return "by a computed name";
}
