/** Finds imports that came to light when a program was built: by a name that was a constant before. */

import type { Node, parse } from "acorn";

/** What can be such an import: any but that of a package. Most programs have none and need no parsing. */
const CANDIDATE = /\bimport\s*(?:\.\s*(?!meta\b)\w+\s*)?\((?!"(?:npm|node):)/;
/** Where the parser does not know the syntax. */
const LITERAL = /\bimport\s*(?:\.\s*\w+\s*)?\(\s*(["'`])([^"'`\n]+)\1/g;
const PACKAGE = /^(?:npm|node):/;

/**
 * Names that a program imports by constant names and that are neither packages nor Deno's own modules.
 *
 * Files of the project are part of a built program. `const TABLE = "file:///table.json"; import(TABLE)` is not
 * followed, but may be printed as `import("file:///table.json")`, and Deno reads what is imported by a constant
 * name without asking for a permission.
 *
 * @param parse Acorn's.
 * @param code A program as esbuild prints it.
 */
export function hiddenImports(parseCode: typeof parse, code: string): string[] {
  if (!CANDIDATE.test(code)) return [];
  const names = new Set<string>();
  let program: unknown;
  try {
    program = parseCode(code, { ecmaVersion: "latest", sourceType: "module" });
  } catch {
    const found = [...code.matchAll(LITERAL)].map(([, , name]) => name);
    return found.filter((name) => !PACKAGE.test(name) && !name.includes("${"));
  }
  const waiting: unknown[] = [program];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) { for (const part of next) waiting.push(part); }
    else if (isNode(next)) {
      const name = next.type === "ImportExpression" ? constantOf(next.source) : null;
      if (name !== null && !PACKAGE.test(name)) names.add(name);
      for (const part of Object.values(next)) {
        if (typeof part === "object" && part !== null) waiting.push(part);
      }
    }
  }
  return [...names].sort();
}

type AnyNode = Node & Record<string, unknown>;

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value;
}

/** The text of a literal, or of a template without expressions. */
function constantOf(source: unknown): string | null {
  if (!isNode(source)) return null;
  if (source.type === "Literal") return typeof source.value === "string" ? source.value : null;
  const quasis = source.quasis as { value: { cooked?: string } }[] | undefined;
  return source.type === "TemplateLiteral" && quasis?.length === 1
    ? quasis[0].value.cooked ?? null
    : null;
}
