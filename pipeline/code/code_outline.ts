/** Which functions a program is made of, so that `explain` can name those that changed. */

import type {
  MethodDefinition,
  ModuleDeclaration,
  Node,
  PropertyDefinition,
  Statement,
} from "acorn";
import { sha256 } from "../canonical.ts";
import type { Digest } from "../types.ts";

/** File → name of a top-level declaration, or `Class.member` → digest of its code. */
export type Outline = Readonly<Record<string, Readonly<Record<string, Digest>>>>;

/** Finds the outline of a program by its digest; null when it is not known. */
export type Outlines = (program: Digest) => Outline | null;

/** What stands outside every declaration. */
const TOP_LEVEL = "(top level)";

/** Where the outline of a program is kept. @param cacheDir As given to `bundles`. */
export function outlinePath(cacheDir: string, program: Digest): string {
  return `${cacheDir}/${program}.outline.json`;
}

/** Outlines from a cache of programs, each read once. */
export function readOutlines(cacheDir: string): Outlines {
  const known = new Map<Digest, Outline | null>();
  return (program) => {
    let outline = known.get(program);
    if (outline === undefined) {
      try {
        outline = JSON.parse(Deno.readTextFileSync(outlinePath(cacheDir, program))) as Outline;
      } catch {
        // A convenience: without it the changed files are named, not their functions.
        outline = null;
      }
      known.set(program, outline);
    }
    return outline;
  };
}

/**
 * The outline of one file's part in a program.
 *
 * @param parse Acorn's, loaded only where something is built.
 * @param part JavaScript as esbuild prints it, so that comments and layout are gone.
 */
export function outlineOf(
  parse: typeof import("acorn").parse,
  part: string,
): Record<string, Digest> {
  const texts = new Map<string, string>();
  const add = (name: string, { start, end }: Pick<Node, "start" | "end">) => {
    texts.set(name, `${texts.get(name) ?? ""}${part.slice(start, end)}\n`);
  };
  for (const statement of statementsOf(parse, part)) {
    if (statement.type === "FunctionDeclaration") add(statement.id.name, statement);
    else if (statement.type === "VariableDeclaration") {
      for (const declared of statement.declarations) {
        const { id, init } = declared;
        const name = id.type === "Identifier" ? id.name : TOP_LEVEL;
        if (init?.type === "ClassExpression") addClass(name, init.body.body, init, add);
        else add(name, declared);
      }
    } else if (statement.type === "ClassDeclaration") {
      addClass(statement.id.name, statement.body.body, statement, add);
    } else add(TOP_LEVEL, statement);
  }
  return Object.fromEntries([...texts].map(([name, text]) => [name, sha256(text)]));
}

type Member = MethodDefinition | PropertyDefinition | {
  type: "StaticBlock";
  start: number;
  end: number;
};

/** Members by name; what a class extends and its static blocks count as the class itself. */
function addClass(
  name: string,
  members: readonly Member[],
  whole: Pick<Node, "start" | "end">,
  add: (name: string, where: Pick<Node, "start" | "end">) => void,
): void {
  add(name, { start: whole.start, end: members[0]?.start ?? whole.end });
  for (const member of members) {
    const key = member.type === "StaticBlock" ? null : (member as MethodDefinition).key;
    const label = key?.type === "Identifier"
      ? key.name
      : key?.type === "PrivateIdentifier"
      ? `#${key.name}`
      : null;
    add(label === null ? name : `${name}.${label}`, member);
  }
}

function statementsOf(
  parse: typeof import("acorn").parse,
  part: string,
): readonly (Statement | ModuleDeclaration)[] {
  try {
    return parse(part, { ecmaVersion: "latest", sourceType: "module" }).body;
  } catch {
    // Syntax newer than the parser: the file's digest still tells that it changed.
    return [];
  }
}

/** A declaration that differs between two outlines of a file. */
export interface SymbolChange {
  readonly name: string;
  readonly how: "changed" | "new" | "gone";
}

/** What differs between two outlines of one file, changed declarations first, each kind by name. */
export function symbolChanges(
  before: Readonly<Record<string, Digest>>,
  after: Readonly<Record<string, Digest>>,
): SymbolChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes = names.flatMap((name): SymbolChange[] => {
    if (!Object.hasOwn(before, name)) return [{ name, how: "new" }];
    if (!Object.hasOwn(after, name)) return [{ name, how: "gone" }];
    return before[name] === after[name] ? [] : [{ name, how: "changed" }];
  });
  const rank = { changed: 0, new: 1, gone: 2 };
  return changes.sort((a, b) => rank[a.how] - rank[b.how]);
}
