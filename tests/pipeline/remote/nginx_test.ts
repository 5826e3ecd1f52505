/** nginx with its WebDAV module as the remote: a server that keeps what it is given and checks nothing. */

import assert from "node:assert/strict";
import { outcomeOf, Rig, statuses } from "../run/run_rig.ts";
import { remoteAddress } from "../../../pipeline/remote/address.ts";
import { openRemote } from "../../../pipeline/remote/remote.ts";
import type { Store } from "../../../pipeline/store/store.ts";
import { fill, Machine, STEADY } from "./remote_rig.ts";

/** True when there is an nginx that can take uploads. */
function hasNginx(): boolean {
  try {
    const { stderr } = new Deno.Command("nginx", { args: ["-V"] }).outputSync();
    return new TextDecoder().decode(stderr).includes("http_dav_module");
  } catch {
    return false;
  }
}

const ignore = !hasNginx();
if (ignore) console.log("nginx with WebDAV is not installed: its tests are skipped");

/** An nginx on a free port, with a password for uploads. */
class Nginx {
  #child: Deno.ChildProcess;
  private constructor(readonly dir: string, readonly port: number) {
    this.#child = this.#start();
  }

  static async start(): Promise<Nginx> {
    const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "nginx-" }));
    Deno.mkdirSync(`${dir}/data`);
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    // As root, nginx would hand its work to a user who cannot write here.
    const user = Deno.uid() === 0 ? "user root;" : "";
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${dir}/${name};`).join("\n");
    // ann:secret
    Deno.writeTextFileSync(`${dir}/users`, "ann:{PLAIN}secret\n");
    Deno.writeTextFileSync(
      `${dir}/nginx.conf`,
      `${user} daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
      events {}
      http {
        access_log off; client_max_body_size 0; ${temporary}
        server {
          listen 127.0.0.1:${port};
          root ${dir}/data;
          location / {
            dav_methods PUT;
            create_full_put_path on;
            limit_except GET { auth_basic cache; auth_basic_user_file ${dir}/users; }
          }
        }
      }`,
    );
    const nginx = new Nginx(dir, port);
    await nginx.#untilUp();
    return nginx;
  }

  #start(): Deno.ChildProcess {
    return new Deno.Command("nginx", {
      args: ["-e", `${this.dir}/error.log`, "-c", `${this.dir}/nginx.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async #untilUp(): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      try {
        (await Deno.connect({ port: this.port, hostname: "127.0.0.1" })).close();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    throw new Error(Deno.readTextFileSync(`${this.dir}/error.log`));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/team`;
  }

  get urlWithPassword(): string {
    return this.url.replace("//", "//ann:secret@");
  }

  /** Where an object or entry lies. */
  path(name: string): string {
    return `${this.dir}/data/team/${name}`;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } catch {
      // Dead already.
    }
    Deno.removeSync(this.dir, { recursive: true });
  }
}

function through(url: string, warnings: string[], mode = "read-write") {
  return {
    remote: (store: Store, signal: AbortSignal) =>
      openRemote({
        address: remoteAddress({ url, mode }, () => undefined)!,
        store,
        signal,
        warn: (line: string) => warnings.push(line),
        persistence: STEADY,
      }),
  };
}

Deno.test({
  name: "nginx: the second checkout has everything from the remote, with the same bytes",
  ignore,
  async fn() {
    await using nginx = await Nginx.start();
    using one = Rig.create();
    using two = Rig.create();
    const warnings: string[] = [];
    const first = await one.run(through(nginx.urlWithPassword, warnings));
    const second = await two.run(through(nginx.url, warnings, "read"));
    assert.deepEqual(warnings, []);
    for (const { status, reason } of second.outcomes) {
      assert.deepEqual([status, reason], ["cached", "from the remote cache"]);
    }
    assert.deepEqual(second.outcomes.map((o) => o.outputs), first.outcomes.map((o) => o.outputs));
  },
});

Deno.test({
  name: "nginx: without the password results are read, not written",
  ignore,
  async fn() {
    await using nginx = await Nginx.start();
    await fill(nginx.urlWithPassword, [1]);
    using machine = await Machine.open();
    const remote = machine.remote(nginx.url);
    assert.notEqual(await machine.fetch(remote, 1), null);
    remote.offer(await machine.make(2));
    const { unsent, gaveUp } = await remote.finish();
    assert.deepEqual([unsent, gaveUp], [1, false]);
    assert.match(machine.warnings[0], /answers 401 .* nothing more is uploaded/);
  },
});

Deno.test({
  name: "nginx: damaged and missing objects cost a stage, and are put right by it",
  ignore,
  async fn() {
    await using nginx = await Nginx.start();
    using one = Rig.create();
    const first = await one.run(through(nginx.urlWithPassword, []));
    const poisoned = nginx.path(`cas/${outcomeOf(first, "side").outputs.out}`);
    Deno.chmodSync(poisoned, 0o644);
    Deno.writeTextFileSync(poisoned, "9");
    Deno.removeSync(nginx.path(`cas/${outcomeOf(first, "tell").outputs.report}`));
    using two = Rig.create();
    const warnings: string[] = [];
    const second = await two.run(through(nginx.urlWithPassword, warnings));
    const { side, tell, ...rest } = statuses(second);
    assert.deepEqual([side, tell], ["ran", "ran"]);
    assert.deepEqual(new Set(Object.values(rest)), new Set(["cached"]));
    assert.equal(warnings.length, 1);
    using three = Rig.create();
    const third = await three.run(through(nginx.url, []));
    assert.deepEqual(new Set(Object.values(statuses(third))), new Set(["cached"]));
  },
});

Deno.test({
  name: "nginx: large objects, and a server that is killed",
  ignore,
  async fn() {
    await using nginx = await Nginx.start();
    await fill(nginx.urlWithPassword, [1, 2], 9 << 20);
    using machine = await Machine.open();
    const remote = machine.remote(nginx.url);
    assert.notEqual(await machine.fetch(remote, 1), null);
    await nginx.kill();
    assert.equal(await machine.fetch(remote, 2), null);
    await remote.finish();
    assert.equal(machine.warnings.length, 1);
    machine.checkSound();
  },
});
