// Tools with a cache of results by the hash of what a task reads: Bazel, Turbo, wireit.

import { dirname } from "@std/path";
import { write } from "./files.ts";
import { common, newProject, numberOf } from "./peers.ts";
import { commandOf, DECLARED, python } from "./python_steps.ts";
import type { Tool } from "./tool.ts";

async function said(program: string, args: string[], cwd?: string): Promise<string> {
  try {
    const { stdout } = await new Deno.Command(program, { args, cwd, stderr: "null" }).output();
    return new TextDecoder().decode(stdout).trim();
  } catch {
    return "";
  }
}

const GUARD = "--experimental_guard_against_concurrent_changes";

const bazel: Tool = {
  ...common,
  name: "Bazel",
  variable: "BENCH_BAZEL",
  program: "bazel",
  own: /^(\S*bazel|bazel\(\S*) /,
  output: (name) => `bazel-bin/out/${name}`,
  stores: [".cache/cas"],
  work: [".base/sandbox", ".base/execroot/__main__/bazel-out"],
  setting: "`genrule`s in its default sandbox, `--disk_cache`; code and helper are `srcs`; " +
    "`bazel build :all`",
  async version(program) {
    const version = await numberOf(program);
    if (version === null || /^\d/.test(version)) return version;
    // Debian's does not know its own.
    const packaged = await said("dpkg-query", ["-W", "-f", "${Version}", "bazel-bootstrap"]);
    return packaged.replace(/[+-].*/, "") || version;
  },
  create: (shape) =>
    newProject(shape, (dir) => {
      Deno.removeSync(`${dir}/out`);
      const rules = DECLARED.map((step) => {
        const inputs = step.reads.map((path) => `$(location ${path})`).join(" ");
        const cmd = `${python()} -B ${step.code[0]} ${inputs} $@`;
        return `genrule(name = "${step.name}", srcs = ${
          JSON.stringify([...step.reads, ...step.code])
        }, outs = ["${step.writes}"], cmd = ${JSON.stringify(cmd)})\n`;
      });
      write(dir, "WORKSPACE", "");
      write(dir, "BUILD", rules.join(""));
      write(
        dir,
        ".bazelrc",
        `startup --output_base=${dir}/.base --max_idle_secs=600\n` +
          `build --disk_cache=${dir}/.cache --jobs=2 --noshow_progress\n`,
      );
    }),
  run: (_dir, program) => ({ program, args: ["build", ":all"] }),
  guard: {
    flag: GUARD,
    set: (dir) => Deno.writeTextFileSync(`${dir}/.bazelrc`, `build ${GUARD}\n`, { append: true }),
  },
  stop: (_dir, program) => ({ program, args: ["shutdown"] }),
};

const turbo: Tool = {
  ...common,
  name: "Turbo",
  variable: "BENCH_TURBO",
  program: "turbo",
  own: /turbo/,
  stores: [".turbo/cache"],
  packed: ".tar.zst",
  setting:
    "one package with three tasks in a git repository; `inputs`, `outputs` and `dependsOn` " +
    "declared; `turbo run third`, whose tasks are npm scripts",
  create: (shape) =>
    newProject(shape, async (dir) => {
      const scripts = Object.fromEntries(DECLARED.map((step) => [step.name, commandOf(step)]));
      const about = { name: "trial", version: "1.0.0", private: true };
      write(
        dir,
        "package.json",
        JSON.stringify({ ...about, packageManager: "npm@10.0.0", scripts }, null, 2),
      );
      const lock = { name: "trial", version: "1.0.0", lockfileVersion: 3, requires: true };
      write(dir, "package-lock.json", JSON.stringify({ ...lock, packages: { "": about } }));
      write(dir, ".gitignore", "node_modules\nout\n.turbo\n");
      const tasks = Object.fromEntries(DECLARED.map((step, i) => [step.name, {
        dependsOn: i === 0 ? [] : [DECLARED[i - 1].name],
        inputs: [...step.reads.filter((path) => path.startsWith("in/")), ...step.code],
        outputs: [step.writes],
      }]));
      write(dir, "turbo.json", JSON.stringify({ tasks }, null, 2));
      await said("git", ["init", "-q"], dir);
      await said("git", ["add", "-A"], dir);
      const who = ["-c", "user.name=trial", "-c", "user.email=trial@example.org"];
      await said("git", [...who, "commit", "-q", "-m", "trial"], dir);
    }),
  run: (_dir, program) => ({ program, args: ["run", "third", "--output-logs=errors-only"] }),
};

const wireit: Tool = {
  ...common,
  name: "wireit",
  variable: "BENCH_WIREIT",
  program: "wireit",
  own: /npm|wireit/,
  stores: [".wireit"],
  setting: "`files`, `output` and `dependencies` declared; `npm run third`",
  // It does not run by itself, only below npm.
  async version(program) {
    const path = await said("sh", ["-c", `readlink -f "$(command -v "$1")"`, "-", program]);
    try {
      const about = Deno.readTextFileSync(`${dirname(dirname(path))}/package.json`);
      return JSON.parse(about).version;
    } catch {
      return null;
    }
  },
  create: (shape, program) =>
    newProject(shape, async (dir) => {
      const path = await said("sh", ["-c", `readlink -f "$(command -v "$1")"`, "-", program]);
      // …/node_modules/wireit/bin/wireit.js
      Deno.symlinkSync(dirname(dirname(dirname(path))), `${dir}/node_modules`);
      const wireit = Object.fromEntries(DECLARED.map((step, i) => [step.name, {
        command: commandOf(step),
        dependencies: i === 0 ? [] : [DECLARED[i - 1].name],
        files: [...step.reads.filter((path) => path.startsWith("in/")), ...step.code],
        output: [step.writes],
      }]));
      const scripts = Object.fromEntries(DECLARED.map(({ name }) => [name, "wireit"]));
      const about = { name: "trial", version: "1.0.0", private: true };
      write(dir, "package.json", JSON.stringify({ ...about, scripts, wireit }, null, 2));
      write(dir, "package-lock.json", JSON.stringify({ ...about, lockfileVersion: 3 }));
    }),
  run: () => ({ program: "npm", args: ["run", "--silent", "third"] }),
};

/** In the order of the table. */
export const cachePeers: readonly Tool[] = [bazel, turbo, wireit];
