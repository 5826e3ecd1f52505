/** Reads the pre-registered claims of a paper. */

// @ts-types="../../pipeline/std.d.ts"
import { parse, YamlSyntaxError } from "@std/yaml";
import { Failed } from "../../pipeline/failure.ts";
import { locate } from "../../pipeline/declare/yaml_position.ts";
import { claimsSchema } from "../../methods/stats/claim.ts";
import type { Claim } from "../../methods/stats/claim.ts";

/**
 * The claims of a YAML file, defaults applied. They are parameters of the verdict stage, so a changed
 * claim re-runs the verdict and what follows it, nothing before.
 *
 * @param text Imported by the paper: `import text from "./claims.yaml" with { type: "text" }`.
 * @param name What messages call the file, e.g. `stages/optima/claims.yaml`.
 * @throws {Failed} `claims-syntax` or `claims-invalid`, naming file, line and field.
 */
export function parseClaims(text: string, name: string): Claim[] {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw new Failed({
      code: "claims-syntax",
      message: `${error.message.replace(/ at line \d+, column \d+:[^]*$/, "")}\n${error.snippet}`,
      where: `${name}:${error.line}:${error.column}`,
      mend: "The claims are not valid YAML here.",
    });
  }
  const parsed = claimsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    const field = path.slice(1).join(".");
    const claim = claimName(document, path);
    return `${place(name, text, path)}: ${claim}${field ? `${field}: ` : ""}${issue.message}`;
  });
  const where = problems[0].slice(0, problems[0].indexOf(": "));
  throw new Failed({
    code: "claims-invalid",
    message: [problems[0].slice(where.length + 2), ...problems.slice(1)].join("\n"),
    where,
    mend: "Correct the claim; methods/stats/claim.ts describes its fields.",
  });
}

/** `file:line:column` of the field, or of the nearest thing around it that exists. */
function place(name: string, text: string, path: readonly (string | number)[]): string {
  for (let length = path.length; length > 0; length--) {
    const at = locate(text, path.slice(0, length));
    if (at !== null) return `${name}:${at.line}:${at.column}`;
  }
  return name;
}

/** `claim "wasted_random": `, when the problem lies in a claim that has an id. */
function claimName(document: unknown, path: readonly (string | number)[]): string {
  const claim = Array.isArray(document) ? document[Number(path[0])] : undefined;
  return typeof claim?.id === "string" ? `claim "${claim.id}": ` : "";
}
