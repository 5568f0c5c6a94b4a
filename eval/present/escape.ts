/**
 * A text so that it means itself in HTML, XML and SVG, also between double quotes. What XML 1.0 has no
 * way to write (control characters, halves of surrogate pairs) becomes U+FFFD, as browsers show it.
 */
export function escape(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
