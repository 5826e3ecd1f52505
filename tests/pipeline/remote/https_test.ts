/** A remote behind HTTPS with a certificate of its own authority. */

import assert from "node:assert/strict";
import { remoteAddress } from "../../../pipeline/remote/address.ts";
import { openRemote } from "../../../pipeline/remote/remote.ts";
import { Machine, STEADY } from "./remote_rig.ts";

/** A certificate for localhost and the authority that signed it; null without openssl. */
function certificates(): { dir: string; cert: string; key: string; authority: string } | null {
  const dir = Deno.makeTempDirSync({ prefix: "tls-" });
  Deno.writeTextFileSync(`${dir}/names`, "subjectAltName=DNS:localhost");
  const openssl = (line: string) =>
    new Deno.Command("openssl", { args: line.split(" "), cwd: dir }).outputSync().success;
  const request = "req -newkey rsa:2048 -nodes";
  try {
    const made =
      openssl(`${request} -x509 -keyout ca.key -out ca.pem -days 2 -subj /CN=authority`) &&
      openssl(`${request} -keyout key.pem -out server.csr -subj /CN=localhost`) &&
      openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out cert.pem -extfile names",
      );
    if (!made) throw new Error();
  } catch {
    Deno.removeSync(dir, { recursive: true });
    return null;
  }
  const read = (name: string) => Deno.readTextFileSync(`${dir}/${name}`);
  return { dir, cert: read("cert.pem"), key: read("key.pem"), authority: `${dir}/ca.pem` };
}

const made = certificates();

Deno.test({
  name: "an authority named by DENO_CERT is believed, an unknown one is not",
  ignore: made === null,
  async fn() {
    const { dir, cert, key, authority } = made!;
    let asked = 0;
    const server = Deno.serve(
      { port: 0, hostname: "localhost", cert, key, onListen() {} },
      () => {
        asked++;
        return new Response(null, { status: 404 });
      },
    );
    using machine = await Machine.open();
    const fetch = async (file?: string) => {
      const url = `https://localhost:${server.addr.port}`;
      const remote = openRemote({
        address: remoteAddress({ url }, (name) => name === "DENO_CERT" ? file : undefined)!,
        store: machine.store,
        signal: machine.stop.signal,
        warn: (line) => machine.warnings.push(line),
        persistence: STEADY,
      });
      assert.equal(await machine.fetch(remote, 1), null);
      return (await remote.finish()).gaveUp;
    };
    assert.equal(await fetch(authority), false);
    assert.deepEqual([asked, machine.warnings], [1, []]);
    assert.equal(await fetch(), true);
    assert.equal(asked, 1);
    assert.match(machine.warnings[0], /cannot be used \(UNABLE_TO_VERIFY/);
    await server.shutdown();
    Deno.removeSync(dir, { recursive: true });
  },
});
