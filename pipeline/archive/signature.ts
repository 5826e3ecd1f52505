/** Signatures on statements: DSSE envelopes with Ed25519 keys. */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { sha256 } from "../canonical.ts";
import { Failed } from "../failure.ts";
import { formatProblem, parseStrictly } from "../declare/schema.ts";

/** Media type of an in-toto statement. */
export const STATEMENT_TYPE = "application/vnd.in-toto+json";

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, "expected base64");
const envelopeSchema = z.object({
  payloadType: z.literal(STATEMENT_TYPE),
  payload: base64,
  signatures: z.array(z.object({ keyid: z.string(), sig: base64 })).min(1).max(16),
});

/** What is signed: type and content with their lengths, so that neither can pass for a part of the other. */
function preAuthentication(type: string, body: Uint8Array): Buffer {
  const encoder = new TextEncoder();
  const head = `DSSEv1 ${encoder.encode(type).length} ${type} ${body.length} `;
  return Buffer.concat([encoder.encode(head), body]);
}

/** A key's name: SHA-256 of its public half in DER. */
export function keyId(key: KeyObject): string {
  const half = key.type === "public" ? key : createPublicKey(key);
  return sha256(half.export({ type: "spki", format: "der" }));
}

/** Reads an Ed25519 key in PEM. @throws {Failed} `key` when it is another one or none. */
export function readKey(pem: string, which: "private" | "public", where: string): KeyObject {
  try {
    const key = which === "private" ? createPrivateKey(pem) : createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Worded below.
  }
  const make = which === "private"
    ? "openssl genpkey -algorithm ed25519 -out key.pem"
    : "openssl pkey -in key.pem -pubout -out key.pub.pem";
  throw new Failed({
    code: "key",
    message: `this is not an Ed25519 ${which} key in PEM`,
    where,
    mend: `Make one: ${make}`,
  });
}

/** Signs a statement. The same statement and key give the same bytes. @returns the text of the envelope. */
export function signStatement(statement: Uint8Array, key: KeyObject): string {
  const sig = sign(null, preAuthentication(STATEMENT_TYPE, statement), key);
  return JSON.stringify({
    payloadType: STATEMENT_TYPE,
    payload: Buffer.from(statement).toString("base64"),
    signatures: [{ keyid: keyId(key), sig: sig.toString("base64") }],
  }) + "\n";
}

/**
 * Whether an envelope holds exactly this statement with a good signature by this key.
 * @returns null when it does, else why not.
 */
export function checkEnvelope(
  envelope: unknown,
  statement: Uint8Array,
  key: KeyObject,
): string | null {
  const { value, problems } = parseStrictly(envelopeSchema, envelope);
  if (value === null) return `the envelope is malformed: ${formatProblem(problems[0])}`;
  const body = Buffer.from(value.payload, "base64");
  if (!body.equals(statement)) return "the envelope holds another statement than the bundle";
  const signed = preAuthentication(value.payloadType, body);
  const good = value.signatures.some(({ sig }) =>
    verify(null, signed, key, Buffer.from(sig, "base64"))
  );
  if (good) return null;
  const ids = value.signatures.map(({ keyid }) => keyid.slice(0, 12)).join(", ");
  return `no signature is by the key ${keyId(key).slice(0, 12)} (signed by ${ids})`;
}
