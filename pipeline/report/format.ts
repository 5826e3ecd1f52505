/** Numbers, durations and paragraphs as people read them. */

/** 0.4 → "0.4 s", 75 → "1:15", 3700 → "1:01:40". Seconds in, not negative. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** A rough duration for estimates: "8 s", "4 min", "2 h 10 min". */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Three significant digits, a real minus sign; JSON's null (an infinite or absent number) as "–". */
export function number(x: number | null | undefined): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x < 0 ? "−∞" : "∞";
  const size = Math.abs(x);
  const text = x === 0
    ? "0"
    : Number.isInteger(x) && size < 1e6
    ? String(x)
    : size >= 1e-3 && size < 1e5
    ? Number(x.toPrecision(3)).toString()
    : x.toExponential(1);
  return text.replaceAll("-", "−");
}

/** A p-value: "0.0312", "< 0.0001". */
export function pValue(p: number | null | undefined): string {
  if (p === null || p === undefined || Number.isNaN(p)) return "–";
  return p < 1e-4 ? "< 0.0001" : String(Number(p.toPrecision(2)));
}

/** "[low, high]"; an end that JSON could not hold is shown as open. */
export function interval(ends: readonly (number | null)[] | null | undefined): string {
  if (!ends) return "–";
  const [low, high] = ends;
  return `[${low === null ? "−∞" : number(low)}, ${high === null ? "∞" : number(high)}]`;
}

/** 1536 → "1.5 KiB". */
export function byteSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  let x = bytes;
  while (x >= 1024 && i < units.length - 1) {
    x /= 1024;
    i++;
  }
  return `${i === 0 || x >= 100 ? Math.round(x) : x.toFixed(1)} ${units[i]}`;
}

/** "1 stage", "3 stages". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** "1 log of failed stages", "2 logs of failed stages": `things` is the plural, whose noun comes first. */
export function counted(n: number, things: string): string {
  return `${n} ${n === 1 ? things.replace(/s\b/, "") : things}`;
}

/** Cuts text to `width` columns, the last one "…" when something was cut. */
export function clip(text: string, width: number): string {
  const chars = [...text];
  if (chars.length <= width) return text;
  return width <= 0 ? "" : chars.slice(0, width - 1).join("") + "…";
}

/** Breaks a paragraph at spaces into lines of at most `width` columns where words allow. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  lines.push(line);
  return lines;
}
