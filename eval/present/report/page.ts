import { GENERATOR } from "./own_report.ts";
import { type Content, type Markup, markup, withSubscripts } from "./markup.ts";
import { STYLE } from "./style.ts";

/**
 * A document of its own: it loads nothing, runs no script, and is well-formed XML besides being
 * HTML, so that it can be checked.
 */
export function page(
  { heading, lead, picture, sections }: {
    /** The title of the window, too. */
    readonly heading: string;
    /** The first screen's text. */
    readonly lead: Content;
    /** Figure beside them. */
    readonly picture: Markup | null;
    readonly sections: readonly Markup[];
  },
): string {
  const body = markup`
<header class="${picture ? "opening" : "opening alone"}">
<div>
<h1>${withSubscripts(heading)}</h1>
${lead}
</div>
${picture}
</header>
<main>
${sections}</main>
`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
${GENERATOR}
${markup`<title>${heading}</title>`.source}
<style>${STYLE}</style>
</head>
<body>${body.source}</body>
</html>
`;
}

/** A part of a page under a heading. */
export function section(heading: Content, ...contents: Content[]): Markup {
  return markup`<section>
<h2>${heading}</h2>
${contents.map((content) => markup`${content}\n`)}</section>
`;
}

/** Names and values. Those that are null are left out. */
export function definitions(rows: readonly (readonly [name: string, value: Content])[]): Markup {
  return markup`<dl>
${
    rows.filter(([, value]) => value !== null)
      .map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)
  }</dl>`;
}
