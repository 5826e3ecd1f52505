// `deno task bench`: training steps of the tensor compiler beside PyTorch on the same threads; see training/main.ts.
// `deno task bench data`: the store with many and with large files, beside DVC; see data/main.ts.
// `deno task bench engine`: runs with nothing to do or one change, beside other tools; see engine/main.ts.
// `deno task bench trials`: kills, damage and edits behind a tool's back, beside other tools; see trials/main.ts.
//
// Options of training: --only=TEXT keeps cases whose name and threads (`mlp-1`; `overhead-2` is AdaLoRA's over
// LoRA) have it, --turns=N, --threads=1,2, --no-compile leaves torch.compile out, --no-jax jax-js, --json prints
// JSON.

const sections = ["data", "engine", "trials"];
const section = sections.includes(Deno.args[0]) ? Deno.args[0] : "training";
await import(`./${section}/main.ts`);
Deno.exit();
