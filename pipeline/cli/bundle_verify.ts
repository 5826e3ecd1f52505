/** `deno task bundle verify`: checks a bundle without network, and with `--rerun` runs it again. */

import type { Check } from "../archive/checks.ts";
import { limitedHost } from "../archive/limited_host.ts";
import { type OpenBundle } from "../archive/open_bundle.ts";
import { passed, verifyBundle } from "../archive/verify.ts";
import type { Rerun } from "../archive/rerun.ts";
import { failureOf } from "../failure.ts";
import type { Provider } from "../types.ts";
import type { Command, Io } from "./command.ts";
import {
  filesOf,
  limitsOf,
  openFiles,
  openOptions,
  publicKeyOf,
  publicKeyOption,
  refusal,
  tellChecks,
} from "./bundle_files.ts";
import { cancelledExit, onInterrupt } from "./interrupt.ts";
import { type Arguments, usage } from "./options.ts";
import { parseSeconds, parseSize } from "./sizes.ts";

const command: Command = {
  spec: {
    name: "bundle verify",
    describe: "Checks every byte, record, key and object of a bundle, and computes its verdicts " +
      "again. Ends with 0 when all of it holds, else with 1.",
    positional: { name: "file", optional: false },
    more: [{ name: "part", optional: true, repeated: true }],
    options: {
      rerun: {
        type: "flag",
        describe: "Also run everything from the start in an empty store, from the bundle alone, " +
          "and compare. Without --trust: WebAssembly, no native code, no network.",
      },
      trust: {
        type: "flag",
        describe: "With --rerun: allow native code. Only for bundles whose maker you trust.",
      },
      provider: {
        type: "text",
        choices: ["cpu", "cuda", "webgpu", "wasm"],
        describe: "With --rerun: where tensors run. Default: wasm; with --trust as in the bundle.",
      },
      tolerance: {
        type: "text",
        value: "FRACTION",
        describe: "With --rerun: how far effects and statistics of verdicts may be off where " +
          "bytes cannot be equal. Default: 0.1.",
      },
      jobs: { type: "count", value: "N", describe: "With --rerun: cores to use." },
      "public-key": publicKeyOption,
      "no-recompute": { type: "flag", describe: "Do not compute the verdicts again." },
      offline: {
        type: "flag",
        describe: "Use no network at all: npm packages of the verdict must be in Deno's cache.",
      },
      memory: {
        type: "text",
        value: "SIZE",
        describe: "Memory of a stage of the bundle. Default: 4G.",
      },
      timeout: {
        type: "text",
        value: "TIME",
        describe: "Time of a stage of the bundle. Default: 1h.",
      },
      ...openOptions,
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: [
      "deno task bundle verify optima.tar",
      "deno task bundle verify optima.tar --public-key author.pub.pem",
      "deno task bundle verify optima.tar --rerun --memory 8G",
    ],
  },
  async run(args, io) {
    const files = filesOf(command.spec, args);
    checkOptions(args);
    const memory = parseSize(command.spec, "memory", args.texts.memory ?? "4G");
    const timeoutSeconds = parseSeconds(command.spec, "timeout", args.texts.timeout ?? "1h");
    const tolerance = toleranceOf(args);
    const publicKey = await publicKeyOf(args, io);
    const limits = limitsOf(memory, timeoutSeconds);
    const controller = new AbortController();
    const interrupt = onInterrupt(() => controller.abort(), () => {});
    const running = {
      network: !args.flags.has("offline"),
      timeoutSeconds,
      signal: controller.signal,
    };
    let bundle: OpenBundle | null = null;
    let checks: Check[];
    let rerun: Rerun | null = null;
    try {
      bundle = await openFiles(command.spec, files, args, io, limitedHost(limits));
      const recompute = !args.flags.has("no-recompute");
      checks = await verifyBundle(bundle, { ...running, publicKey, recompute });
      if (args.flags.has("rerun") && checks.every(({ status }) => status !== "failed")) {
        const { dataOutside, rerunBundle } = await import("../archive/rerun.ts");
        const trust = args.flags.has("trust");
        const outside = dataOutside(bundle);
        if (outside.length > 0) checks = [...checks, withoutData(outside, bundle.plan.paper)];
        else {rerun = await rerunBundle(bundle, {
            ...running,
            limits,
            trust,
            provider: (args.texts.provider ?? (trust ? bundle.plan.provider : null)) as
              | Provider
              | null,
            tolerance,
            jobs: args.counts.jobs ?? navigator.hardwareConcurrency,
            onOutcome: ({ id, status }) => io.err.write(`${status.padEnd(8)}${id}\n`),
          });}
      }
    } catch (error) {
      if (controller.signal.aborted) return cancelledExit;
      const refused = refusal(error);
      const stopped = failureOf(error);
      if (refused !== null) checks = [refused];
      else if (stopped?.code === "rerun" || stopped?.code === "untrusted") {
        checks = [{ name: "rerun", status: "failed", what: "", problems: [stopped.message] }];
        if (stopped.mend) checks[0] = { ...checks[0], problems: [stopped.message, stopped.mend] };
      } else throw error;
    } finally {
      interrupt.dispose();
      bundle?.[Symbol.dispose]();
    }
    if (controller.signal.aborted) return cancelledExit;
    const ok = passed(checks) && (rerun === null || rerun.ok);
    if (args.flags.has("json")) {
      const plan = bundle?.plan;
      const about = plan && {
        paper: plan.paper,
        preset: plan.preset,
        provider: plan.provider,
        digest: bundle!.digest,
      };
      io.out.write(JSON.stringify({ ok, ...about, checks, rerun }) + "\n");
    } else {
      tellChecks(checks, io);
      if (rerun !== null) tellRerun(rerun, io);
      io.out.write(`${conclusion(ok, checks, rerun)}\n`);
    }
    return ok ? 0 : 1;
  },
};
export default command;

/** Without its data a bundle cannot be run again; that does not speak against it. */
function withoutData(nodes: readonly string[], paper: string): Check {
  return {
    name: "rerun",
    status: "open",
    what: "data are outside the bundle (fetch.txt)",
    problems: [
      ...nodes,
      `Make the bundle with its data, or import it and run \`deno task reproduce ${paper}\`.`,
    ],
  };
}

function conclusion(ok: boolean, checks: readonly Check[], rerun: Rerun | null): string {
  if (ok) return "The bundle holds.";
  const failed = checks.some(({ status }) => status === "failed") || rerun?.ok === false;
  return failed
    ? "The bundle does not hold."
    : "What was checked holds; something was not checked.";
}

function checkOptions({ flags, texts }: Arguments): void {
  if (flags.has("rerun")) return;
  for (const name of ["trust", "provider", "tolerance"]) {
    if (flags.has(name) || texts[name] !== undefined) {
      throw usage(command.spec, `--${name} needs --rerun.`);
    }
  }
}

function toleranceOf({ texts }: Arguments): number {
  const value = Number(texts.tolerance ?? "0.1");
  if (value >= 0 && value <= 2) return value;
  throw usage(command.spec, `--tolerance needs a number from 0 to 2, not "${texts.tolerance}".`);
}

function tellRerun({ provider, nodes, artifacts, verdicts, claims }: Rerun, io: Io): void {
  const count = (status: string) => nodes.filter((node) => node.status === status).length;
  const problems = nodes.filter(({ status }) => status !== "same" && status !== "expected")
    .map(({ id, status, text }) => `${id}: ${status === "differs" ? text : `${status}, ${text}`}`);
  const expected = nodes.find(({ status }) => status === "expected");
  const what = `${count("same")} of ${nodes.length} nodes with the same bytes on ${provider}` +
    (expected ? `, ${count("expected")} with others: ${expected.text}` : "");
  const list: Check[] = [
    { name: "rerun", status: problems.length > 0 ? "failed" : "ok", what, problems },
  ];
  for (const { target, numbers, different, largest, other } of artifacts) {
    const far = largest === null
      ? "equal bytes"
      : `${different} of ${numbers} numbers differ, at most by ${
        (100 * largest.relative).toPrecision(2)
      } % (${largest.path}: ${largest.before}, now ${largest.after})`;
    list.push({
      name: `= ${target}`,
      status: largest === null && other.length === 0 ? "ok" : "skipped",
      what: far,
      problems: other.map((p) => `differs: ${p}`),
    });
  }
  const others = new Set(verdicts.map((v) => v.split(":")[0])).size;
  const same = `${Math.max(0, claims - others)} of ${claims} agree`;
  list.push({
    name: "verdicts again",
    status: verdicts.length > 0 ? "failed" : "ok",
    what: same,
    problems: verdicts,
  });
  tellChecks(list, io);
}
