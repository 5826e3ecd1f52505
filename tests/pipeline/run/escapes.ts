/** What a stage may try to get out of its sandbox. */

/** JavaScript that must be refused, a piece of what is said was tried, and of what to declare. */
export type Escape = readonly [body: string, tried: RegExp, mend: RegExp];

export const READ = /localFile\(.*`inputs`/;
const MACHINE = /parameter/;
const STORE = /through `inputs` only/;
const WRITE = /`outputs`/;
export const NETWORK = /download\(.*npmPackage\(.*`inputs`/;
const VARIABLE = /`env`.*|`params`/;
const PROGRAM = /`programs`/;
export const PACKAGE = /import map/;

const READS: readonly Escape[] = [
  [`Deno.readTextFileSync("/etc/hostname")`, /read the file \/etc\/hostname/, READ],
  [`Deno.readTextFileSync("../../records")`, /read the file/, READ],
  [`[...Deno.readDirSync("/")]`, /read the file \//, READ],
  [`Deno.statSync("/etc/passwd")`, /read the file \/etc\/passwd/, READ],
  [`Deno.realPathSync("/tmp")`, /read the file \/tmp/, READ],
  [`Deno.chdir("/")`, /read the file \//, READ],
  [`Deno.watchFs("/tmp")`, /read the file \/tmp/, READ],
  [`(await fetch("file:///etc/hostname")).text()`, /read the file \/etc\/hostname/, READ],
  [`(await import("node:fs")).readFileSync("/etc/hostname")`, /\/etc\/hostname/, READ],
  [`(await import("node:fs")).existsSync("/etc/hostname")`, /\/etc\/hostname/, READ],
  [`new (await import("node:sqlite")).DatabaseSync("/tmp/x.sqlite")`, /\/tmp\/x\.sqlite/, READ],
  [`Deno.readTextFileSync("/proc/self/environ")`, /\/proc\/self\/environ/, MACHINE],
  [`Deno.readTextFileSync("/proc/cpuinfo")`, /\/proc\/cpuinfo/, MACHINE],
  [`Deno.openSync("/dev/urandom")`, /\/dev\/urandom/, MACHINE],
  [`Deno.readTextFileSync("/dev/fd/0")`, /\/dev\/fd\/0/, MACHINE],
  [`Deno.readFileSync(OBJECT)`, /read the file .*\/objects\//, STORE],
  [`[...Deno.readDirSync(STORE + "/attempts")]`, /read the file .*\/attempts/, STORE],
];

const WRITES: readonly Escape[] = [
  [`Deno.writeTextFileSync("/tmp/x", "")`, /write the file \/tmp\/x/, WRITE],
  [`Deno.writeTextFileSync("/dev/null", "")`, /write the file \/dev\/null/, WRITE],
  [`Deno.writeTextFileSync("job.json", "")`, /write the file/, WRITE],
  [`Deno.writeTextFileSync("program.js", "")`, /write the file/, WRITE],
  [`Deno.writeTextFileSync(inputs.numbers.path, "")`, /write the file/, WRITE],
  [`Deno.truncateSync(inputs.numbers.path)`, /write the file/, WRITE],
  [`Deno.chmodSync(inputs.numbers.path, 0o777)`, /write the file/, WRITE],
  [`Deno.utimeSync(inputs.numbers.path, 0, 0)`, /write the file/, WRITE],
  [`Deno.removeSync(inputs.numbers.path)`, /write the file/, WRITE],
  [`Deno.renameSync(inputs.numbers.path, "outputs/stolen")`, /write the file/, WRITE],
  // A hard link to an input would be a second name for an object of the store.
  [`Deno.linkSync(inputs.numbers.path, "outputs/linked")`, /write the file/, WRITE],
  [`(await import("node:fs")).linkSync(inputs.numbers.path, "outputs/linked")`, /write/, WRITE],
  [`Deno.symlinkSync("/etc/passwd", "outputs/link")`, /make a link/, WRITE],
  [`(await import("node:fs")).symlinkSync("a", "outputs/link")`, /make a link/, WRITE],
  [`Deno.makeTempFileSync()`, /temporary file/, WRITE],
  [`Deno.mkdirSync("more")`, /write the file/, WRITE],
];

const NETWORKS: readonly Escape[] = [
  [`await fetch("https://example.com/")`, /connect to example\.com:443/, NETWORK],
  [`await Deno.connect({ hostname: "127.0.0.1", port: 9 })`, /127\.0\.0\.1:9/, NETWORK],
  [`await Deno.connectTls({ hostname: "127.0.0.1", port: 9 })`, /127\.0\.0\.1:9/, NETWORK],
  [`new WebSocket("ws://127.0.0.1:9/")`, /connect to 127\.0\.0\.1:9/, NETWORK],
  [`Deno.listen({ port: 0 })`, /connect to 0\.0\.0\.0/, NETWORK],
  [`Deno.serve({ port: 0 }, () => new Response(""))`, /connect to 0\.0\.0\.0/, NETWORK],
  [`Deno.listen({ transport: "unix", path: "outputs/socket" })`, /connect to unix:/, NETWORK],
  [`await Deno.resolveDns("example.com", "A")`, /connect to/, NETWORK],
  [
    `await (await import("node:dns/promises")).lookup("example.com")`,
    /look up the address of example\.com/,
    NETWORK,
  ],
  [
    `await (await import("node:dns/promises")).resolve4("example.com")`,
    /look up the address of example\.com/,
    NETWORK,
  ],
  [
    `const { get } = await import("node:http");
     await new Promise((_, no) => get("http://127.0.0.1:9/").on("error", no))`,
    /connect to 127\.0\.0\.1:9/,
    NETWORK,
  ],
  [
    `const { connect } = await import("node:net");
     await new Promise((_, no) => connect(9, "127.0.0.1").on("error", no))`,
    /connect to 127\.0\.0\.1:9/,
    NETWORK,
  ],
  [
    `const { connect } = await import("node:http2");
     await new Promise((_, no) => connect("http://127.0.0.1:9").on("error", no))`,
    /connect to 127\.0\.0\.1:9/,
    NETWORK,
  ],
];

const IMPORTS: readonly Escape[] = [
  [`await import(id("https://example.com/x.js"))`, /import a module from https:/, PACKAGE],
  [`await import(id("http://127.0.0.1:9/x.js"))`, /import a module from http:/, PACKAGE],
  [`await import(id("jsr:@std/assert"))`, /import a module from https:\/\/jsr\.io/, PACKAGE],
  [`await import(id("npm:no-such-package-here@1.0.0"))`, /import the package no-such/, PACKAGE],
  [`await import(id("zod"))`, /import the package zod/, PACKAGE],
  [
    `await import(id("file:///etc/hostname"), { with: { type: "text" } })`,
    /read the file \/etc\/hostname/,
    READ,
  ],
  [
    // What is imported by name is loaded without a permission, so the name must not be hidden from the engine.
    `await new Function("return import('file:///etc/hostname', { with: { type: 'text' } })")()`,
    /read the file \/etc\/hostname/,
    READ,
  ],
  [
    `await import("data:text/javascript," +
      encodeURIComponent("export { default } from 'file:///etc/hostname' with { type: 'text' }"))`,
    /read the file \/etc\/hostname/,
    READ,
  ],
  [
    `Deno.writeTextFileSync("outputs/m.js", "export { default } from '/etc/hostname' with { type: 'text' }");
     try { await import(id(new URL("outputs/m.js", import.meta.url).href)); }
     finally { Deno.removeSync("outputs/m.js"); }`,
    /read the file \/etc\/hostname/,
    READ,
  ],
];

const MACHINES: readonly Escape[] = [
  [`Deno.env.get("HOME")`, /the environment variable HOME/, VARIABLE],
  [`(await import("node:process")).default.env.HOME`, /variable HOME/, VARIABLE],
  [`Deno.env.toObject()`, /all environment variables/, VARIABLE],
  [`Object.keys((await import("node:process")).default.env)`, /all environment/, VARIABLE],
  [`Deno.env.set("HOME", "x")`, /the environment variable HOME/, VARIABLE],
  [`(await import("node:os")).tmpdir()`, /the environment variable TMPDIR/, VARIABLE],
  [`new Deno.Command("ls").outputSync()`, /start the program ls/, PROGRAM],
  [`(await import("node:child_process")).execSync("ls")`, /node:child_process/, PROGRAM],
  [`(await import("node:child_process")).fork("./x.js")`, /node:child_process/, PROGRAM],
  [`Deno.kill(1, "SIGCONT")`, /send a signal/, PROGRAM],
  [`Deno.hostname()`, /system information \(hostname\)/, MACHINE],
  [`Deno.osRelease()`, /system information \(osRelease\)/, MACHINE],
  [`Deno.loadavg()`, /system information \(loadavg\)/, MACHINE],
  [`Deno.networkInterfaces()`, /system information \(networkInterfaces\)/, MACHINE],
  [`Deno.systemMemoryInfo()`, /system information \(systemMemoryInfo\)/, MACHINE],
  [`Deno.uid()`, /system information \(uid\)/, MACHINE],
  [`(await import("node:os")).cpus()`, /system information \(cpus\)/, MACHINE],
  [`(await import("node:os")).homedir()`, /system information \(homedir\)/, MACHINE],
  [`(await import("node:inspector")).open(9229)`, /system information \(inspector\)/, MACHINE],
  [`Deno.dlopen("/lib/libc.so.6", {})`, /native library \/lib\/libc\.so\.6/, /provider: true/],
  [
    `(await import("node:process")).default.dlopen({ exports: {} }, "/tmp/x.node")`,
    /native library \/tmp\/x\.node/,
    /provider: true/,
  ],
  [`Deno.UnsafePointer.create(1n)`, /native library/, /provider: true/],
];

/** By what they try to reach. */
export const ESCAPES: Readonly<Record<string, readonly Escape[]>> = {
  "undeclared reads": READS,
  "undeclared writes": WRITES,
  "the network": NETWORKS,
  "undeclared imports": IMPORTS,
  "the machine": MACHINES,
};
