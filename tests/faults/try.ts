import { World, runToy } from "./world.ts";
import { damageObjects } from "./kills.ts";
using w = await World.create();
const dir=w.store(1); damageObjects(dir,2);
  let i = 0;
  for (const folder of Deno.readDirSync(`${dir}/records`)) {
    if (i++ % 3 === 0) Deno.removeSync(`${dir}/records/${folder.name}`, { recursive: true });
  }
try { const r = await runToy(w.project,dir,w.host()); console.log(r.outcomes.map(o=>[o.id,o.status,o.reason])); } catch(e) { console.log(e.stack); }
