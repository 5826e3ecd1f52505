/**
 * The report's style sheet. Sections made by papers use its custom properties, which change with the
 * reader's light or dark scheme:
 *
 * - `--fg`, `--bg`, `--muted`, `--line`: text, page, secondary text, rules and borders;
 * - `--accent`: links and emphasis; `--good`, `--bad`, `--warn`: the three verdicts;
 * - `--series-1` … `--series-10`: curves and bars, in this order.
 *
 * `--fg`, `--muted`, `--accent`, `--good`, `--bad` and `--warn` are readable as text on `--bg`
 * (contrast at least 4.5:1), the series as lines (at least 3:1).
 */

/** Light and dark values of each custom property. */
export const palette: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  "--fg": ["#1a1f26", "#e6eaef"],
  "--bg": ["#ffffff", "#14181d"],
  "--muted": ["#56606b", "#9aa5b1"],
  "--line": ["#d5dbe1", "#333c46"],
  "--accent": ["#0b5cad", "#6cb2ff"],
  "--good": ["#14713a", "#56c288"],
  "--bad": ["#b42318", "#ff8577"],
  "--warn": ["#8a5a00", "#e0b04a"],
  "--series-1": ["#0b5cad", "#6cb2ff"],
  "--series-2": ["#c2410c", "#ff9d5c"],
  "--series-3": ["#14713a", "#56c288"],
  "--series-4": ["#9c2c77", "#f08fc8"],
  "--series-5": ["#8a5a00", "#e0b04a"],
  "--series-6": ["#0e7490", "#4fc6dc"],
  "--series-7": ["#6d4ed1", "#b39cff"],
  "--series-8": ["#b42318", "#ff8577"],
  "--series-9": ["#4d5b6a", "#a9b5c2"],
  "--series-10": ["#66720a", "#c0cc4f"],
};

const properties = (i: 0 | 1) =>
  Object.entries(palette).map(([name, values]) => `${name}:${values[i]}`).join(";");

/** The whole style sheet. */
export const styleSheet = `
:root { color-scheme: light dark; ${properties(0)} }
@media (prefers-color-scheme: dark) { :root { ${properties(1)} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 68rem; color: var(--fg);
  background: var(--bg); font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
p { max-width: 46rem; }
a { color: var(--accent); }
code, pre { font: .86em/1.5 ui-monospace, monospace; }
pre { padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
small, .muted { color: var(--muted); }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .8rem 0; padding: 0;
  list-style: none; color: var(--muted); }
.facts b { color: var(--fg); font-weight: 600; }
.note { border-left: 3px solid var(--warn); padding: .1rem .9rem; margin: 1rem 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .92rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--muted); white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.digest { font: .8rem ui-monospace, monospace; white-space: nowrap; }
td p { margin: .2rem 0 0; }
.verdict { font-weight: 600; white-space: nowrap; }
.reproduced::before { content: "✓ "; } .reproduced { color: var(--good); }
.not-reproduced::before { content: "✗ "; } .not-reproduced { color: var(--bad); }
.inconclusive::before { content: "? "; } .inconclusive { color: var(--warn); }
.ran { color: var(--accent); } .cached { color: var(--muted); }
.failed { color: var(--bad); } .skipped { color: var(--warn); }
figure { margin: 1rem 0; } figcaption { color: var(--muted); font-size: .9rem; }
svg, img { max-width: 100%; height: auto; }
.dag svg { max-width: none; display: block; margin: 0 auto; }
.dag text { fill: var(--fg); font-family: system-ui, sans-serif; }
.dag .node path, .dag .node polygon { fill: var(--bg); stroke: var(--line); }
.dag .ran path, .dag .ran polygon { stroke: var(--accent); stroke-width: 2; }
.dag .failed path, .dag .failed polygon { stroke: var(--bad); stroke-width: 2; }
.dag .skipped path, .dag .skipped polygon { stroke: var(--warn); stroke-dasharray: 4 3; }
.dag .edge path { stroke: var(--muted); }
.dag .edge polygon { fill: var(--muted); stroke: var(--muted); }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--accent); }
@media (max-width: 46rem) {
  body { padding: 1rem .8rem 3rem; }
  table.cards, .cards tbody, .cards tr, .cards td { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .8rem 0; }
  .cards td, .cards td.n { border: 0; padding: .15rem 0; text-align: left; white-space: normal; }
  .cards td[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
}
@media print { body { max-width: none; } details > * { display: block; } }
`;
