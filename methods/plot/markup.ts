/** HTML fragments from templates: every value is escaped unless it is markup already. */

/** Text that is HTML or SVG. */
export class Markup {
  readonly text: string;
  /** @param text Trusted HTML. */
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | null | false | Markup | readonly Value[];

/** Template tag: escapes strings, joins lists, drops null and false. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, i) => i === 0 ? part : render(values[i - 1]) + part).join(""));
}

function render(value: Value): string {
  if (value === null || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
