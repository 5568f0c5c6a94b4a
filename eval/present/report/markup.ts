import { escape } from "../escape.ts";

/** A piece of HTML: what is put into a template as it is. Everything else is text. */
export class Markup {
  readonly source: string;

  /** @param source well-formed HTML */
  constructor(source: string) {
    this.source = source;
  }
}

/** What a template takes; null leaves nothing behind. */
export type Content = string | number | null | Markup | readonly Content[];

/** A template of HTML: texts are escaped, pieces of HTML are not. */
export function markup(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(sourceOf)));
}

function sourceOf(content: Content): string {
  if (content === null) return "";
  if (content instanceof Markup) return content.source;
  if (typeof content === "object") return content.map(sourceOf).join("");
  return escape(String(content));
}

/** `CALM_EM` as the paper prints it, with the last part lowered; other words as they are. */
export function withSubscripts(text: string): Content {
  return text.split(/(CALM_[A-Z]+)/).map((part) => {
    const [, method] = /^CALM_([A-Z]+)$/.exec(part) ?? [];
    return method ? markup`CALM<sub>${method}</sub>` : part;
  });
}

/** The same for SVG: what goes into a `text` element. */
export function svgText(text: string): string {
  return escape(text).replace(
    /CALM_([A-Z]+)(.*)/,
    '<tspan>CALM</tspan><tspan dy="3" font-size="10">$1</tspan><tspan dy="-3">$2</tspan>',
  );
}
