// The trials. Each gets fresh copies, does harm, runs the plain command and says what a user would have got.

import type { Copy } from "./copy.ts";
import { INPUTS, type Inputs } from "./content.ts";
import { changeInPlace, edit, flipped, sizeOf, touch } from "./files.ts";
import { type Ended, killTool } from "./processes.ts";
import type { Shape, Third } from "./tool.ts";

/** What came of a trial. WRONG and STALE: exit code 0 beside results that a clean run does not give. */
export type Grade =
  | "right"
  | "noticed"
  | "manual"
  | "WRONG"
  | "STALE"
  | "stops"
  | "runs"
  | "nothing"
  | "refused"
  | "dropped"
  | "left"
  | "no store";

/** A grade, and what was seen beside it. */
export interface Result {
  readonly grade: Grade;
  readonly note?: string;
}

/** How the trials are run. */
export interface Setup {
  /** Makes a fresh copy of the project. */
  open(shape: Shape): Promise<Copy>;
  /** Seconds that `first` takes where it must be caught at work. */
  readonly seconds: number;
  /** The same where it is to live on beside the next run. */
  readonly long: number;
  /** Seconds after which files are no longer too young for their times to be believed; 0: do not wait. */
  readonly settle: number;
}

/** One trial. */
export interface Trial {
  readonly id: string;
  readonly title: string;
  /** What is done, precisely; for the page of results. */
  readonly how: string;
  /** Needs `/proc`. */
  readonly linux?: true;
  run(setup: Setup): Promise<Result>;
}

const quick: Shape = { pause: 0 };
const slow = ({ seconds }: Setup): Shape => ({ pause: seconds / 16 });

/** By the exit code and the outputs after a plain run. */
function judged(copy: Copy, { code }: Ended, inputs: Inputs, note?: string): Result {
  const wrong = copy.wrong(inputs);
  if (code !== 0) return { grade: "noticed", note: `exit code ${code}` };
  if (wrong.length === 0) return { grade: "right", note };
  return { grade: "WRONG", note: `${wrong.join(", ")}${note ? `; ${note}` : ""}` };
}

/** A copy with everything made, looked at once more when its files are no longer young. */
async function settled(setup: Setup): Promise<Copy> {
  const copy = await setup.open(quick);
  await copy.clean();
  if (setup.settle > 0) {
    await new Promise((resolve) => setTimeout(resolve, setup.settle * 1000));
    await copy.run();
  }
  return copy;
}

async function flip(setup: Setup, hidden: boolean): Promise<Result> {
  await using copy = await settled(setup);
  if (copy.tool.stores.length === 0) return { grade: "no store" };
  const stored = copy.stored();
  if (stored.length === 0) throw new Error(`${copy.tool.name}: no stored object holds one.bin`);
  for (const path of stored) await changeInPlace(path, flipped, { hidden });
  copy.forget();
  return judged(copy, await copy.run(), INPUTS);
}

/** Makes everything, edits code or inputs, and says what the plain command ran. */
async function edited(
  setup: Setup,
  change: (copy: Copy) => void | Promise<void>,
  after: Inputs,
): Promise<Result> {
  await using copy = await settled(setup);
  await change(copy);
  const { ended, ran } = await copy.steps();
  if (ended.code !== 0) return { grade: "noticed", note: `exit code ${ended.code}` };
  const wrong = copy.wrong(after);
  if (wrong.length > 0) return { grade: "STALE", note: wrong.join(", ") };
  return ran.length === 0 ? { grade: "nothing" } : { grade: "runs", note: ran.join(", ") };
}

/** What the last step does is changed after everything was made. */
async function misbehaves(setup: Setup, kind: Third): Promise<{ copy: Copy; ended: Ended }> {
  const copy = await setup.open(quick);
  await copy.clean();
  Deno.writeTextFileSync(copy.code("third"), copy.tool.third(kind, copy.dir));
  return { copy, ended: await copy.run() };
}

/** Reads a file that is not declared, which then changes. */
async function readsMore(setup: Setup, kind: Third): Promise<Grade> {
  const { copy: made, ended } = await misbehaves(setup, kind);
  await using copy = made;
  if (ended.code !== 0) return "refused";
  Deno.writeTextFileSync(copy.input("side.txt"), "another\n");
  const again = await copy.run();
  if (again.code !== 0) return "noticed";
  return Deno.readTextFileSync(copy.output("three.txt")).includes("another") ? "right" : "STALE";
}

/** Changes an input while its step runs; `guarded`: with the tool's flag against that. */
async function disturbed(setup: Setup, { guarded }: { guarded: boolean }): Promise<Result> {
  await using copy = await setup.open(slow(setup));
  const { guard } = copy.tool;
  if (guarded && guard === undefined) return { grade: "WRONG" };
  if (guarded) guard!.set(copy.dir);
  const { ended } = copy.start();
  if (!await copy.partly(1 / 4, ended)) throw new Error("the run ended before its input changed");
  Deno.writeTextFileSync(copy.input("a.txt"), "another\n");
  const { code } = await ended;
  const after = judged(copy, await copy.run(), { ...INPUTS, a: "another\n" });
  if (after.grade !== "right") return { ...after, note: `${after.note}; with the new a.txt` };
  Deno.writeTextFileSync(copy.input("a.txt"), INPUTS.a);
  const back = judged(copy, await copy.run(), INPUTS);
  if (back.grade !== "right") return { ...back, note: `${back.note}; with the old a.txt back` };
  const seen = code === 0 ? undefined : "the disturbed run fails";
  return { grade: "right", note: guarded ? guard!.flag : seen };
}

/** All trials, in the order of the table. */
export const trials: readonly Trial[] = [
  {
    id: "1",
    title: "kill -9 during step 1, plain re-run at once",
    how: "When `first` has written half of one.bin, the tool's own processes get SIGKILL, the " +
      "step's are left alone. The plain command follows at once. Outputs are compared when it " +
      "ends, and again after the step has ended, if it lived on, and one more plain run.",
    linux: true,
    async run(setup) {
      await using copy = await setup.open({ pause: setup.long / 16 });
      const { pid, ended } = copy.start();
      if (!await copy.partly(1 / 2, ended)) throw new Error("the run ended before it was killed");
      killTool(pid, copy.dir, copy.tool.own);
      await ended;
      const again = await copy.run();
      if (again.code !== 0) {
        const note = await copy.mend();
        const wrong = copy.wrong(INPUTS);
        if (note === null) return { grade: "noticed", note: "no command that mends it was found" };
        const typed = wrong.length === 0
          ? note
          : `${note}; ${wrong.join(", ")} wrong when typed while the old step is still at work`;
        return { grade: "manual", note: typed };
      }
      const first = copy.wrong(INPUTS);
      await copy.quiet();
      const last = await copy.run();
      const then = copy.wrong(INPUTS);
      if (first.length > 0) {
        const later = then.length > 0 ? "also after one more run" : "mended by one more run";
        return { grade: "WRONG", note: `${first.join(", ")}; ${later}` };
      }
      return judged(copy, last, INPUTS);
    },
  },
  {
    id: "2",
    title: "bit flipped in the store, outputs removed",
    how: "One bit in the middle of each stored copy of one.bin (of its archive, for Turbo) is " +
      "flipped in place; modification time and mode become those of a file just written. The " +
      "outputs are removed; the plain command follows.",
    run: (setup) => flip(setup, false),
  },
  {
    id: "3",
    title: "the same, with mode, size and time kept",
    how: "As 2, and mode and modification time are put back.",
    run: (setup) => flip(setup, true),
  },
  {
    id: "4",
    title: "output edited, size and time kept",
    how: "One bit of three.txt in the workspace is flipped in place, with mode and modification " +
      "time put back; the plain command follows.",
    async run(setup) {
      await using copy = await settled(setup);
      await changeInPlace(copy.output("three.txt"), flipped, { hidden: true });
      return judged(copy, await copy.run(), INPUTS);
    },
  },
  {
    id: "5",
    title: "step 1 runs again with the same bytes: those below",
    how: "A second line is added to a.txt, of which `first` uses only the first.",
    async run(setup) {
      const result = await edited(
        setup,
        (copy) => Deno.writeTextFileSync(copy.input("a.txt"), `${INPUTS.a}more\n`),
        INPUTS,
      );
      if (result.grade !== "runs") return result;
      const below = result.note!.split(", ").some((step) => step === "second" || step === "third");
      return { grade: below ? "runs" : "stops" };
    },
  },
  {
    id: "6a",
    title: "comment edited in a step",
    how: "The text of a comment in the code of `first` is changed.",
    run: (setup) =>
      edited(setup, (copy) => edit(copy.code("first"), "A comment", "Another"), INPUTS),
  },
  {
    id: "6b",
    title: "unreached function edited",
    how: "A function that nobody calls, in the helper that `first` imports, is changed.",
    run: (setup) =>
      edited(setup, (copy) => edit(copy.code("helper"), "nobody calls", "none calls"), INPUTS),
  },
  {
    id: "6c",
    title: "reached helper in another file edited",
    how: "The function that `first` calls in that file is changed.",
    run: (setup) =>
      edited(setup, (copy) => edit(copy.code("helper"), '"!"', '"?"'), { ...INPUTS, mark: "?" }),
  },
  {
    id: "7",
    title: "input edited, size and time kept",
    how: "b.txt gets other bytes in place, with modification time put back.",
    run: (setup) =>
      edited(
        setup,
        (copy) =>
          changeInPlace(copy.input("b.txt"), () => new TextEncoder().encode("six\n"), {
            hidden: true,
          }),
        { ...INPUTS, b: "six\n" },
      ),
  },
  {
    id: "8",
    title: "input touched",
    how: "`touch` of b.txt.",
    run: (setup) => edited(setup, (copy) => touch(copy.input("b.txt")), INPUTS),
  },
  {
    id: "9",
    title: "input changed while its step runs",
    how: "`first` reads a.txt at its start and again half-way; a.txt is written anew when a " +
      "quarter of one.bin is there. After the run, the plain command must give what the new a.txt gives; " +
      "then the old a.txt is put back, and it must give what the old one gives.",
    linux: true,
    async run(setup) {
      const result = await disturbed(setup, { guarded: false });
      if (result.grade !== "WRONG") return result;
      const guarded = await disturbed(setup, { guarded: true });
      if (guarded.grade !== "right") return result;
      return { grade: "manual", note: `with ${guarded.note}; without: WRONG: ${result.note}` };
    },
  },
  {
    id: "10",
    title: "a step exits 0 without its output",
    how: "After a clean run `third` is changed to do nothing and end well.",
    async run(setup) {
      const { copy: made, ended } = await misbehaves(setup, "writes nothing");
      await using copy = made;
      if (ended.code !== 0) return { grade: "noticed" };
      const kept = sizeOf(copy.output("three.txt")) >= 0;
      return { grade: "WRONG", note: kept ? "the old three.txt stays" : "three.txt is missing" };
    },
  },
  {
    id: "11a",
    title: "a step writes an undeclared file",
    how: "`third` also writes extra.txt beside its output. dropped: it is not in the workspace " +
      "afterwards; left: it is, unknown to the tool.",
    async run(setup) {
      const { copy: made, ended } = await misbehaves(setup, "writes more");
      await using copy = made;
      if (ended.code !== 0) return { grade: "refused" };
      return { grade: sizeOf(copy.output("extra.txt")) >= 0 ? "left" : "dropped" };
    },
  },
  {
    id: "11b",
    title: "a step reads an undeclared file, which then changes",
    how: "`third` also reads in/side.txt by its relative path, and where that is refused by its " +
      "absolute path; then side.txt changes, and the plain command follows.",
    async run(setup) {
      const relative = await readsMore(setup, "reads more");
      if (relative !== "refused") return { grade: relative };
      const absolute = await readsMore(setup, "reads more, absolute");
      if (absolute === "refused") return { grade: "refused" };
      return { grade: absolute, note: "by its absolute path; refused by the relative one" };
    },
  },
  {
    id: "12",
    title: "two runs at once",
    how: "Two plain commands are started together in a fresh project; outputs are compared when " +
      "both have ended. noticed: one of them fails, and the outputs are right.",
    async run(setup) {
      await using copy = await setup.open(slow(setup));
      const both = await Promise.all([copy.start().ended, copy.start().ended]);
      const codes = both.map(({ code }) => code);
      const wrong = copy.wrong(INPUTS);
      const note = `exit codes ${codes.join(" and ")}`;
      if (wrong.length > 0) {
        const grade = codes.includes(0) ? "WRONG" : "noticed";
        return { grade, note: `${wrong.join(", ")}; ${note}` };
      }
      return codes.every((code) => code === 0) ? { grade: "right" } : { grade: "noticed", note };
    },
  },
];
