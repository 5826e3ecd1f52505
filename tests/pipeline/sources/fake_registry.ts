/** An npm registry on this machine that serves one package, and misbehaves as a test says. */

import { createHash } from "node:crypto";

/** What the registry serves instead of the truth. */
export type Fault = "none" | "truncated" | "flipped" | "unavailable" | "absent";

/** A registry with `name@1.0.0`, made of `files`; the environment points Deno to it and to an empty cache. */
export class FakeRegistry {
  fault: Fault = "none";
  /** Faults left until the registry behaves; it misbehaves for ever by default. */
  faults = Infinity;
  requests: string[] = [];
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "registry-" }));
  readonly #server: Deno.HttpServer;
  readonly #before = new Map<string, string | undefined>();

  constructor(readonly name: string, readonly files: Readonly<Record<string, string>>) {
    const tarball = this.#pack();
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      const { pathname } = new URL(request.url);
      this.requests.push(pathname);
      const fault = this.faults > 0 ? this.fault : "none";
      if (pathname.endsWith(".tgz")) {
        if (fault !== "none") this.faults--;
        if (fault === "unavailable") return new Response("", { status: 503 });
        if (fault === "truncated") return new Response(tarball.subarray(0, tarball.length >> 1));
        if (fault === "flipped") return new Response(tarball.map((b, i) => i === 40 ? b ^ 1 : b));
        return new Response(tarball);
      }
      if (fault === "absent") return new Response("{}", { status: 404 });
      return Response.json(this.#about(tarball));
    });
    this.#set("NPM_CONFIG_REGISTRY", `${this.url}/`);
    this.#set("DENO_DIR", `${this.root}/deno`);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.addr as Deno.NetAddr).port}`;
  }

  /** Where Deno keeps the package after a download. */
  cachedFile(name: string): string {
    const find = (dir: string): string | null => {
      for (const entry of Deno.readDirSync(dir)) {
        const path = `${dir}/${entry.name}`;
        if (entry.isFile && path.endsWith(`${this.name}/1.0.0/${name}`)) return path;
        const below = entry.isDirectory ? find(path) : null;
        if (below !== null) return below;
      }
      return null;
    };
    return find(`${this.root}/deno/npm`)!;
  }

  /** Writes the package's files to a directory. */
  writeTo(dir: string): void {
    for (const [path, text] of Object.entries(this.files)) {
      Deno.mkdirSync(`${dir}/${path}/..`, { recursive: true });
      Deno.removeSync(`${dir}/${path}`, { recursive: true });
      Deno.writeTextFileSync(`${dir}/${path}`, text);
    }
  }

  #pack(): Uint8Array<ArrayBuffer> {
    const { name } = this;
    this.writeTo(`${this.root}/package`);
    const about = JSON.stringify({ name, version: "1.0.0" });
    Deno.writeTextFileSync(`${this.root}/package/package.json`, about);
    const args = ["-czf", `${this.root}/p.tgz`, "-C", this.root, "package"];
    const { success } = new Deno.Command("tar", { args }).outputSync();
    if (!success) throw new Error("tar failed");
    return Deno.readFileSync(`${this.root}/p.tgz`);
  }

  #about(tarball: Uint8Array): unknown {
    const { name } = this;
    const integrity = "sha512-" + createHash("sha512").update(tarball).digest("base64");
    const dist = { tarball: `${this.url}/${name}/-/${name}-1.0.0.tgz`, integrity };
    const version = { name, version: "1.0.0", dist };
    return { name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
  }

  #set(name: string, value: string): void {
    this.#before.set(name, Deno.env.get(name));
    Deno.env.set(name, value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, value] of this.#before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await this.#server.shutdown();
    // A Deno that was stopped may still be writing its caches.
    for (let tries = 0;; tries++) {
      try {
        return Deno.removeSync(this.root, { recursive: true });
      } catch (error) {
        if (tries === 40) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
