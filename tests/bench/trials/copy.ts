// One fresh project of one tool, in which one trial takes place.

import { cleanRun, INPUTS, type Inputs, OUTPUTS, SIZE } from "./content.ts";
import { filesBelow, holds, sizeOf } from "./files.ts";
import { type Ended, type Running, start, stepsAlive, until } from "./processes.ts";
import { type Command, type Shape, type Tool, traceOf } from "./tool.ts";

/** A tool that is there. */
export interface Installed {
  readonly tool: Tool;
  readonly program: string;
}

/** A project, removed with all that runs in it on disposal. */
export class Copy implements AsyncDisposable {
  readonly #program: string;

  private constructor(readonly tool: Tool, readonly dir: string, program: string) {
    this.#program = program;
  }

  static async create({ tool, program }: Installed, shape: Shape): Promise<Copy> {
    return new Copy(tool, await tool.create(shape, program), program);
  }

  /** Path of an output, an input or code. */
  output = (name: string) => `${this.dir}/${this.tool.output(name)}`;
  input = (name: string) => `${this.dir}/${this.tool.input(name)}`;
  code = (part: "first" | "helper" | "third") => `${this.dir}/${this.tool.code(part)}`;

  /** The plain command. */
  start(): Running {
    return this.#start(this.tool.run(this.dir, this.#program));
  }

  run(): Promise<Ended> {
    return this.start().ended;
  }

  #start(command: Command): Running {
    return start(command, this.dir);
  }

  /** The first run, which must do what every tool does. */
  async clean(): Promise<void> {
    const ended = await this.run();
    const wrong = this.wrong(INPUTS);
    if (ended.code === 0 && wrong.length === 0) return;
    const said = (ended.err + ended.out).slice(-1500);
    throw new Error(
      `${this.tool.name}: the first run ended with ${ended.code}, wrong: ${wrong}\n${said}`,
    );
  }

  /** Outputs that are not those of a clean run, or not there. */
  wrong(inputs: Inputs): string[] {
    const right = cleanRun(inputs);
    return OUTPUTS.filter((name) => !holds(this.output(name), right[name]));
  }

  /** The plain command, and which steps it ran. */
  async steps(): Promise<{ ended: Ended; ran: readonly string[] }> {
    const before = this.#trace().length;
    const ended = await this.run();
    const { ran } = this.tool;
    if (ran && ended.code === 0) return { ended, ran: ran({ dir: this.dir, out: ended.out }) };
    return { ended, ran: this.#trace().slice(before) };
  }

  #trace(): string[] {
    if (sizeOf(traceOf(this.dir)) < 0) return [];
    return Deno.readTextFileSync(traceOf(this.dir)).trim().split("\n");
  }

  /** Waits until `first` has written a part of its output. @returns false when the run was over before. */
  partly(part: number, over: Promise<unknown>): Promise<boolean> {
    const folders = this.tool.work.map((path) => `${this.dir}/${path}`);
    return until(() =>
      folders.flatMap(filesBelow).some((path) => {
        if (!/\/one(\.bin)?$/.test(path)) return false;
        const size = sizeOf(path);
        return size >= part * SIZE && size < SIZE;
      }), over);
  }

  /** Waits until no step is at work. */
  async quiet(): Promise<void> {
    await until(() => stepsAlive(this.dir, this.tool.own) === 0);
  }

  /** What a user must type after a failure until the plain command ends well; null: nothing known helps. */
  async mend(): Promise<string | null> {
    const typed: string[] = [];
    for (const { says, command } of this.tool.manual?.(this.dir, this.#program) ?? []) {
      typed.push(says);
      await this.#start(command).ended;
      if ((await this.run()).code === 0) return typed.join(", then ");
    }
    return null;
  }

  /** Stored objects that hold one.bin. */
  stored(): string[] {
    const { stores, packed } = this.tool;
    const files = stores.flatMap((path) => filesBelow(`${this.dir}/${path}`));
    if (packed === undefined) {
      const { "one.bin": one } = cleanRun(INPUTS);
      return files.filter((path) => holds(path, one));
    }
    const archives = files.filter((path) => path.endsWith(packed));
    return archives.sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 1);
  }

  /** Removes the outputs. */
  forget(): void {
    if (this.tool.forget) return this.tool.forget(this.dir);
    for (const name of OUTPUTS) Deno.removeSync(this.output(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (Deno.build.os === "linux") await this.quiet();
    if (this.tool.stop) await this.#start(this.tool.stop(this.dir, this.#program)).ended;
    if (this.tool.remove) return await this.tool.remove(this.dir);
    // Bazel keeps folders without the right to write.
    await new Deno.Command("chmod", { args: ["-R", "u+w", this.dir], stderr: "null" }).output();
    await Deno.remove(this.dir, { recursive: true });
    await Deno.remove(traceOf(this.dir)).catch(() => {});
  }
}
