/** HTML from templates: every value is escaped unless it is HTML already. */

/** Text that is HTML. */
export class Html {
  readonly text: string;
  /** @param text Trusted HTML. */
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

type Value = string | number | null | undefined | false | Html | readonly Value[];

/**
 * Template tag for HTML: escapes strings, joins lists, drops null, undefined and false.
 * (Not called `html`, or the formatter would reflow the templates and with them `<pre>`.)
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = parts[0];
  values.forEach((value, i) => text += render(value) + parts[i + 1]);
  return new Html(text);
}

/** Escapes text for element content and double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return escapeHtml(String(value));
}
