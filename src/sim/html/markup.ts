/** HTML from templates in which every value is escaped, so that no name can become markup. */

/** Text that is markup already. Only `html` and `embedded` make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | readonly Markup[];

/** A template of HTML; values are escaped unless they are markup themselves. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = parts.reduce((sum, part, index) => sum + asText(values[index - 1] ?? "") + part);
  return new Markup(text);
}

/** Text of our own that stands in the page as it is: styles and scripts. */
export function embedded(text: string): Markup {
  return new Markup(text);
}

/** Data for a script. No string in it can end the element that it stands in. */
export function jsonScript(id: string, data: unknown): Markup {
  const text = JSON.stringify(data).replaceAll("<", "\\u003c");
  return html`<script type="application/json" id="${id}">${new Markup(text)}</script>`;
}

function asText(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? escapeHtml(value) : value.map(({ text }) => text).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
