/** `bundle verify`: every byte, every key, every verdict, as a list of checks. */

import type { KeyObject } from "node:crypto";
import { type Check, checked, consistency } from "./checks.ts";
import { type OpenBundle, parseJson } from "./open_bundle.ts";
import { recomputed, reportRendered, type Running } from "./recompute.ts";
import { checkEnvelope } from "./signature.ts";

/** What to verify besides the bytes, which opening a bundle has checked. */
export interface VerifyRequest extends Running {
  /** When given, a signature by it is required. */
  readonly publicKey?: KeyObject;
  readonly recompute: boolean;
}

/** The checks in the order in which they are told. Later ones are left out when the contents disagree. */
export async function verifyBundle(bundle: OpenBundle, request: VerifyRequest): Promise<Check[]> {
  const checks = [bytes(bundle), ...consistency(bundle), signature(bundle, request.publicKey)];
  if (checks.some(({ status }) => status === "failed")) {
    return [...checks, {
      name: "verdicts",
      status: request.recompute ? "open" : "skipped",
      what: "not recomputed, because the contents do not agree",
      problems: [],
    }];
  }
  checks.push(await reportRendered(bundle));
  if (request.recompute) checks.push(...await recomputed(bundle, request));
  else {
    const what = "not recomputed, as asked";
    checks.push({ name: "verdicts", status: "skipped", what, problems: [] });
  }
  return checks;
}

/** True when nothing failed and nothing that was asked for stayed open. */
export function passed(checks: readonly Check[]): boolean {
  return checks.every(({ status }) => status === "ok" || status === "skipped");
}

function bytes({ payload, bytes }: OpenBundle): Check {
  return checked("bytes", `${payload.size} files, ${bytes} bytes`, []);
}

function signature({ statement, envelope }: OpenBundle, key: KeyObject | undefined): Check {
  const name = "signature";
  if (key === undefined) {
    const what = envelope === null ? "not signed" : "signed; not checked without --public-key";
    return { name, status: "skipped", what, problems: [] };
  }
  const what = "Ed25519, over the statement";
  if (envelope === null || statement === null) {
    return { name, status: "failed", what, problems: ["the bundle is not signed"] };
  }
  const why = checkEnvelope(parseJson(envelope, "provenance.dsse.json"), statement, key);
  return checked(name, what, why === null ? [] : [why]);
}
