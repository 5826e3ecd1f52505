// The steps as Python programs, the same for every peer. Each notes in a file beside the project that it ran.

import { CHUNKS, DIGESTS, INPUTS } from "./content.ts";
import { write } from "./files.ts";
import { type Shape, type Third, traceOf } from "./tool.ts";

/** Paths of code, relative to the project. */
export const codePath = (part: string) => `code/${part}.py`;

const noted = (dir: string, step: string) =>
  `with open(${JSON.stringify(traceOf(dir))}, "a") as trace:
    trace.write("${step}\\n")
`;

const first = (dir: string, { pause }: Shape) =>
  `# A comment.
import hashlib, os, sys, time
from helper import mark

source, target = sys.argv[1:]
${noted(dir, "first")}
def line():
    with open(source) as file:
        return file.readline().strip()

os.makedirs(os.path.dirname(target), exist_ok=True)
open(target, "wb").close()
for chunk in range(${CHUNKS}):
    if chunk % ${CHUNKS / 2} == 0:
        value = mark(line())
    digests = [hashlib.sha256(f"{value}:{chunk}:{i}".encode()).digest() for i in range(${DIGESTS})]
    with open(target, "ab") as file:
        file.write(b"".join(digests))
    time.sleep(${pause})
`;

const helper = `def mark(text):
    return text + "${INPUTS.mark}"

def unused():
    return "nobody calls this"
`;

const second = (dir: string) =>
  `import hashlib, sys

one, b, target = sys.argv[1:]
${noted(dir, "second")}
with open(one, "rb") as file:
    digest = hashlib.sha256(file.read()).hexdigest()
with open(b) as file:
    text = file.read().strip()
with open(target, "w") as file:
    file.write(f"{digest} {text}\\n")
`;

/** Text of `third`. */
export function thirdText(kind: Third, dir: string): string {
  const start = `import os, sys\n\ntwo, target = sys.argv[1:]\n${noted(dir, "third")}`;
  if (kind === "writes nothing") return start;
  const from = kind === "reads more, absolute" ? `${dir}/in/side.txt` : "in/side.txt";
  const more = kind === "reads more" || kind === "reads more, absolute"
    ? `with open(${JSON.stringify(from)}) as file:\n    text += file.read()\n`
    : kind === "writes more"
    ? `with open(os.path.join(os.path.dirname(target), "extra.txt"), "w") as file:\n    file.write("extra")\n`
    : "";
  return `${start}with open(two) as file:
    text = "third " + file.read()
${more}with open(target, "w") as file:
    file.write(text)
`;
}

/** Writes inputs and steps into a project. */
export function writeSteps(dir: string, shape: Shape): void {
  write(dir, "in/a.txt", INPUTS.a);
  write(dir, "in/b.txt", INPUTS.b);
  write(dir, "in/side.txt", "side\n");
  write(dir, codePath("first"), first(dir, shape));
  write(dir, codePath("helper"), helper);
  write(dir, codePath("second"), second(dir));
  write(dir, codePath("third"), thirdText("works", dir));
  Deno.mkdirSync(`${dir}/out`, { recursive: true });
}

/** One step as the peers declare it. */
export interface Declared {
  readonly name: string;
  readonly code: readonly string[];
  readonly reads: readonly string[];
  readonly writes: string;
}

/** All that a step reads is declared, also the helper that its code imports. */
export const DECLARED: readonly Declared[] = [
  {
    name: "first",
    code: ["code/first.py", "code/helper.py"],
    reads: ["in/a.txt"],
    writes: "out/one.bin",
  },
  {
    name: "second",
    code: ["code/second.py"],
    reads: ["out/one.bin", "in/b.txt"],
    writes: "out/two.txt",
  },
  { name: "third", code: ["code/third.py"], reads: ["out/two.txt"], writes: "out/three.txt" },
];

let interpreter: string | null = null;

/** The interpreter itself: what is first on PATH may be a program that looks for one each time. */
export function python(): string {
  if (interpreter !== null) return interpreter;
  const args = ["-c", "import sys; print(sys.executable)"];
  const { stdout } = new Deno.Command("python3", { args }).outputSync();
  return interpreter = new TextDecoder().decode(stdout).trim();
}

/** The command line of a step. No byte code is written, so that only the sources count. */
export const commandOf = ({ code, reads, writes }: Declared) =>
  [python(), "-B", code[0], ...reads, writes].join(" ");
