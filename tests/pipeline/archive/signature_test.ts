/** Signatures on statements. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { checkEnvelope, readKey, signStatement } from "../../../pipeline/archive/signature.ts";

const statement = new TextEncoder().encode('{"_type":"…"}\n');
const { publicKey, privateKey } = generateKeyPairSync("ed25519");

Deno.test("the same statement and key give the same envelope, which the public key takes", () => {
  const text = signStatement(statement, privateKey);
  assert.equal(signStatement(statement, privateKey), text);
  assert.equal(checkEnvelope(JSON.parse(text), statement, publicKey), null);
});

Deno.test("another statement, another key and a changed signature are told apart", () => {
  const envelope = JSON.parse(signStatement(statement, privateKey));
  const other = new TextEncoder().encode("{}");
  assert.match(checkEnvelope(envelope, other, publicKey)!, /another statement/);
  const stranger = generateKeyPairSync("ed25519").publicKey;
  assert.match(checkEnvelope(envelope, statement, stranger)!, /no signature is by the key/);
  const flipped = structuredClone(envelope);
  flipped.signatures[0].sig = flipped.signatures[0].sig.replace(
    /^./,
    (c: string) => c === "A" ? "B" : "A",
  );
  assert.match(checkEnvelope(flipped, statement, publicKey)!, /no signature is by the key/);
});

Deno.test("what is no envelope is refused", () => {
  for (const value of [null, {}, { payloadType: "x", payload: "", signatures: [] }, "text"]) {
    assert.match(checkEnvelope(value, statement, publicKey)!, /the envelope is malformed/);
  }
});

Deno.test("keys of other kinds are refused, with the command that makes the right one", () => {
  const pem = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey
    .export({ type: "pkcs8", format: "pem" }).toString();
  assert.throws(() => readKey(pem, "private", "key.pem"), /key\.pem: .*\n.*openssl genpkey/);
  assert.throws(() => readKey("nothing", "public", "pub.pem"), /pub\.pem: .*\n.*-pubout/);
});
