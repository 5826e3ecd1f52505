// Runs a generated project inside one process, stages included: `deno run -A fill.ts DIR [JOBS]`.
//
// What it leaves in the store is what a run with sandboxed processes leaves, at a fraction of the time, so
// that no-op runs of 10,000 nodes can be measured. Prints the engine's own seconds.

const [dir, jobs = String(navigator.hardwareConcurrency)] = Deno.args;
const root = new URL(`file://${dir}/`);
const engine = (name: string) => import(new URL(`pipeline/${name}`, root).href);
const [{ loadPaper, loadConfig, plan }, { schedule }, { Store }, { programsOf }] = await Promise
  .all([
    engine("mod.ts"),
    engine("run/scheduler.ts"),
    engine("store/store.ts"),
    engine("plan/plan.ts"),
  ]);

const pipeline = await loadPaper(root, "sweep");
const config = await loadConfig({
  file: new URL("stages/sweep/config.yaml", root),
  root,
  schema: pipeline.config,
  preset: "small",
});
const store = await Store.open(`${dir}/artifacts/store`);
const { signal } = new AbortController();
const request = {
  pipeline,
  preset: "small",
  config,
  provider: "cpu" as const,
  jobs: Number(jobs),
  root,
  store,
};
const planned = await plan(request);
const nodes = planned.nodes.map(({ node }: { node: unknown }) => node);
const programOf = await programsOf(nodes, root, store);

interface Task {
  readonly node: {
    readonly work: { readonly type: string; readonly implementation: URL };
    readonly params: unknown;
    readonly outputs: Readonly<
      Record<string, { form: "file"; media: string; extension: string }>
    >;
  };
  readonly inputs: Readonly<Record<string, readonly { digest: string }[]>>;
}

/** The stage in this process: its outputs go to temporary files as a child's would. */
async function execute({ node, inputs, content }: Task & { content: unknown }) {
  if (node.work.type === "source") {
    const { importSource } = await engine("sources/local_import.ts");
    return await importSource(store, { node, content, signal });
  }
  const { run } = await import(node.work.implementation.href);
  const read = ({ digest }: { digest: string }) => ({ bytes: () => store.readObject(digest) });
  const names = Object.keys(node.outputs);
  const paths = names.map((name) => `${dir}/artifacts/store/tmp/${crypto.randomUUID()}.${name}`);
  await run({
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, list]) => [
        name,
        name === "last" ? list.map(read) : read(list[0]),
      ]),
    ),
    params: node.params,
    outputs: Object.fromEntries(names.map((name, i) => [name, {
      write: (value: unknown) =>
        value instanceof Uint8Array
          ? Deno.writeFile(paths[i], value)
          : Deno.writeTextFile(paths[i], JSON.stringify(value) + "\n"),
    }])),
  });
  const stored = await store.put(paths.map((path) => ({ path, form: "file", move: true })));
  return {
    outputs: Object.fromEntries(names.map((name, i) => {
      const { form, media } = node.outputs[name];
      return [name, { ...stored[i], form, media }];
    })),
    log: null,
  };
}

const start = performance.now();
const outcomes = await schedule({
  plan: planned,
  jobs: Number(jobs),
  memory: Infinity,
  slots: {},
  force: false,
  store,
  signal,
  programOf,
  execute,
  onEvent: () => {},
});
const bad = outcomes.filter(({ status }: { status: string }) =>
  status !== "ran" && status !== "cached"
);
if (bad.length > 0) throw new Error(JSON.stringify(bad[0]));
store.close();
console.log(((performance.now() - start) / 1000).toFixed(3));
