/** `deno task bundle import`: puts a bundle's results into a store. */

import { importBundle } from "../archive/import.ts";
import { InUse } from "../gc/in_use.ts";
import { passed, verifyBundle } from "../archive/verify.ts";
import { byteSize, plural } from "../report/format.ts";
import { Store } from "../store/store.ts";
import {
  filesOf,
  openFiles,
  openOptions,
  publicKeyOf,
  publicKeyOption,
  refusal,
  tellChecks,
} from "./bundle_files.ts";
import type { Command } from "./command.ts";

const command: Command = {
  spec: {
    name: "bundle import",
    describe: "Checks a bundle and puts its results into the store, so that a run of the same " +
      "sources, here or at any other place, finds them. Whoever made the bundle decides what " +
      "such a run finds: import what you trust, or verify it with --rerun first.",
    positional: { name: "file", optional: false },
    more: [{ name: "part", optional: true, repeated: true }],
    options: {
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      "public-key": publicKeyOption,
      ...openOptions,
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task bundle import optima.tar", "deno task reproduce optima"],
  },
  async run(args, io) {
    const files = filesOf(command.spec, args);
    const publicKey = await publicKeyOf(args, io);
    const store = await Store.open(io.place.storeDir(args));
    // `gc` leaves alone what is younger than this.
    using _mark = InUse.open(store);
    const json = args.flags.has("json");
    // Beside the store, so that objects are moved and not copied.
    const near = args.texts.scratch === undefined
      ? { ...args, texts: { ...args.texts, scratch: `${store.dir}/tmp` } }
      : args;
    try {
      using bundle = await openFiles(command.spec, files, near, io);
      const signal = new AbortController().signal;
      const checks = await verifyBundle(bundle, {
        publicKey,
        recompute: false,
        network: false,
        timeoutSeconds: 1,
        signal,
      });
      if (!passed(checks)) {
        if (json) io.out.write(JSON.stringify({ ok: false, checks }) + "\n");
        else {
          tellChecks(checks, io);
          io.out.write("Nothing was imported.\n");
        }
        return 1;
      }
      const done = await importBundle(bundle, store);
      if (json) io.out.write(JSON.stringify({ ok: true, ...done }) + "\n");
      else {
        const { paper, preset, provider } = bundle.plan;
        io.out.write(
          `${paper}, preset ${preset}, provider ${provider}: ${plural(done.records, "record")}, ` +
            `${plural(done.objects, "object")} (${byteSize(done.bytes)}) in ${
              io.place.show(store.dir)
            }\n`,
        );
        if (done.left.length > 0) {
          io.out.write(
            `Not imported, because their outputs are outside the bundle: ${done.left.join(", ")}\n`,
          );
        }
      }
      return 0;
    } catch (error) {
      const refused = refusal(error);
      if (refused === null) throw error;
      if (json) io.out.write(JSON.stringify({ ok: false, checks: [refused] }) + "\n");
      else {
        tellChecks([refused], io);
        io.out.write("Nothing was imported.\n");
      }
      return 1;
    } finally {
      store.close();
    }
  },
};
export default command;
