// deno run -A checkpoint_memory.ts plain|checkpoint: peak resident bytes that one gradient adds, on standard output.
import * as t from "../../../methods/tensor/mod.ts";

const [LAYERS, GROUP, WIDTH, BATCH] = [24, 6, 32, 32768];
const layers = (x: t.Tensor, w: t.Tensor[]) => w.reduce((h, w) => t.gelu(t.matmul(h, w)), x);
const group = Deno.args[0] === "checkpoint" ? t.checkpoint(layers) : layers;

function loss(w: t.Tensor[], x: t.Tensor): t.Tensor {
  let h = x;
  for (let i = 0; i < LAYERS; i += GROUP) h = group(h, w.slice(i, i + GROUP));
  return t.mean(t.square(h));
}

/** A counter of /proc/self/status in bytes. */
function status(field: string): number {
  const text = Deno.readTextFileSync("/proc/self/status");
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)![1]);
}

const array = (shape: number[], scale: number) =>
  t.fromNumbers(
    Array.from({ length: t.sizeOf(shape) }, (_, i) => scale * Math.sin(i * 1.7)),
    shape,
  );
const w = Array.from({ length: LAYERS }, () => array([WIDTH, WIDTH], 0.5));
const x = array([BATCH, WIDTH], 1);
const program = t.compile(t.grad(loss), [w, x]);
const executable = await t.load(program, { provider: "cpu" });
// Resets the peak.
Deno.writeTextFileSync("/proc/self/clear_refs", "5");
const before = status("VmRSS");
await executable.run(w as never, x);
console.log(status("VmHWM") - before);
await executable.dispose();
