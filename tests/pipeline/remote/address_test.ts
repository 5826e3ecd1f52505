import assert from "node:assert/strict";
import { Failed } from "../../../pipeline/failure.ts";
import { remoteAddress, withoutCredentials } from "../../../pipeline/remote/address.ts";

const none = () => undefined;

Deno.test("the command line comes before the variables, and none means none", () => {
  const variables = new Map([["REPRODUCE_REMOTE", "http://b/"], ["REPRODUCE_REMOTE_MODE", "read"]]);
  const variable = (name: string) => variables.get(name);
  assert.equal(remoteAddress({}, none), null);
  assert.equal(remoteAddress({ url: "none" }, variable), null);
  const { shown, write } = remoteAddress({}, variable)!;
  assert.deepEqual([shown, write], ["http://b", false]);
  const other = remoteAddress({ url: "https://a:8/x/", mode: "read-write" }, variable)!;
  assert.deepEqual([other.shown, other.write], ["https://a:8/x", true]);
});

Deno.test("credentials become a header and leave the address", () => {
  const address = remoteAddress({ url: "http://ann:p%40ss@host/x" }, none)!;
  assert.equal(address.headers.authorization, `Basic ${btoa("ann:p@ss")}`);
  assert.equal(address.shown, "http://host/x");
  assert.equal(address.url.href, "http://host/x");
  const variable = (name: string) =>
    name === "REPRODUCE_REMOTE_HEADER" ? "Authorization: Bearer t\nX-Team: a" : undefined;
  const { headers } = remoteAddress({ url: "http://host" }, variable)!;
  assert.deepEqual(headers, { authorization: "Bearer t", "x-team": "a" });
});

Deno.test("what is no address is refused without showing a password", () => {
  for (
    const url of [
      "ann:secret@host",
      "ftp://ann:secret@host",
      "http://ann:secret@ho st",
      "http://h?x=1",
    ]
  ) {
    assert.throws(() => remoteAddress({ url }, none), (error: Error) => {
      assert.ok(error instanceof Failed);
      assert.equal(error.failure.code, "usage");
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  const header = (value: string) => (name: string) =>
    name === "REPRODUCE_REMOTE_HEADER" ? value : undefined;
  for (const value of ["secret", "X y: secret", "X: se\u0000cret", "X:"]) {
    assert.throws(() => remoteAddress({ url: "http://h" }, header(value)), (error: Error) => {
      assert.doesNotMatch(error.message, /se.?cret/);
      return true;
    });
  }
  assert.throws(() => remoteAddress({ url: "http://h", mode: "x" }, none), /read-write, read/);
});

Deno.test("a command line is shown without passwords", () => {
  assert.equal(withoutCredentials("--remote=http://a:b@h/x"), "--remote=http://h/x");
  assert.equal(withoutCredentials("https://tok@h"), "https://h");
  assert.equal(withoutCredentials("http://a:p@q@h"), "http://h");
  assert.equal(withoutCredentials("http://h/a@b"), "http://h/a@b");
});
