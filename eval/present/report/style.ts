import { COLOURS } from "./chart_looks.ts";

const series = (which: 0 | 1) =>
  COLOURS.map(([...colours], i) => `--s${i}:${colours[which]};`).join("");

const rules = COLOURS.map((_, i) =>
  `.s${i} polyline,.s${i} path[fill=none]{stroke:var(--s${i})}` +
  `.s${i} circle,.s${i} path:not([fill=none]),polygon.s${i}{fill:var(--s${i})}`
).join("\n");

/**
 * The look of all reports: one column of text, tables that scroll inside their box, light or dark
 * as the reader's system is, black on white in print. Text has a contrast of at least 4.5 : 1.
 */
export const STYLE = `
:root{color-scheme:light dark;
--paper:#fff;--panel:#f5f6f8;--ink:#1c2127;--quiet:#57606a;--rule:#d5dae0;--grid:#dfe3e8;
--link:#0b57a4;--good:#156f35;--bad:#a8281e;${series(0)}}
@media (prefers-color-scheme:dark){:root{
--paper:#14171b;--panel:#1d2127;--ink:#e6e9ed;--quiet:#a3abb5;--rule:#3a414a;--grid:#2c323a;
--link:#7db8f5;--good:#5fce85;--bad:#ff9087;${series(1)}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);
color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
overflow-wrap:break-word}
h1{margin:0 0 .75rem;font-size:1.9rem;line-height:1.2;letter-spacing:-.01em}
h2{margin:0 0 .6rem;font-size:1.3rem;line-height:1.3}
h3{margin:2rem 0 .4rem;font-size:1.05rem;line-height:1.35}
p{margin:.4rem 0 .8rem;max-width:44rem}
sub{font-size:.72em;line-height:0}
section{margin-top:2.75rem;padding-top:1.6rem;border-top:1px solid var(--rule)}
a{color:var(--link)}
code,pre{font:.9em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{overflow-x:auto;margin:.3rem 0 1rem;padding:.6rem .8rem;background:var(--panel);border-radius:6px}
.quiet,figcaption{color:var(--quiet);font-size:.9rem}
.opening{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,30rem);gap:2.5rem;align-items:center}
.opening.alone{grid-template-columns:minmax(0,1fr)}
.result{margin:1.2rem 0;font-size:1.15rem}
.result strong{font-size:2rem;line-height:1.2;letter-spacing:-.01em;display:block}
figure{margin:0}
figcaption{margin-top:.5rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
img{display:block;width:100%;height:auto;border-radius:4px;background:#000}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));
gap:1.75rem 2rem;margin-top:1.25rem;align-items:end}
.maps{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:.5rem}
.maps span{display:block;margin-top:.25rem;color:var(--quiet);font-size:.78rem;line-height:1.35}
.card figcaption{margin:0 0 .4rem;color:var(--ink);font-size:.95rem}
.right,.wrong{font-weight:600}
.right{color:var(--good)}
.wrong{color:var(--bad)}
ul{max-width:52rem;padding-left:1.25rem}
li{margin:.2rem 0}
abbr{text-decoration:none}
.scale{display:flex;align-items:center;gap:.6rem;margin:.75rem 0;color:var(--quiet);font-size:.9rem}
.scale svg{width:12rem;max-width:50%;height:.8rem;border-radius:2px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));
gap:2rem;margin-top:1rem;align-items:start}
.chart{display:block;width:100%;height:auto;max-width:34rem;font-family:inherit}
.chart text{fill:var(--ink)}
.chart .grid{stroke:var(--grid)}
.chart .axis,.chart .mark{stroke:var(--quiet)}
${rules}
.scroll{position:relative;overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
/* Read out with the table; on the page the heading above says it. */
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.32rem .8rem;border-bottom:1px solid var(--rule);white-space:nowrap;text-align:right}
thead th{border-bottom:2px solid var(--quiet);vertical-align:bottom;font-weight:600}
th:first-child{position:sticky;left:0;background:var(--paper);text-align:left;padding-left:0;
white-space:normal;min-width:8.5rem}
tbody th{font-weight:400}
td strong{font-weight:700;text-decoration:underline;text-decoration-thickness:2px;
text-underline-offset:3px}
td small{display:block;color:var(--quiet);font-size:.82em}
.paper{border-left:1px solid var(--rule)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));
gap:.9rem 1.5rem;margin:.8rem 0}
dt{color:var(--quiet);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:52rem){body{padding:1.5rem 1rem 3rem}h1{font-size:1.55rem}
.opening{grid-template-columns:minmax(0,1fr);gap:1.25rem}
.maps{gap:.35rem}dl{grid-template-columns:repeat(auto-fill,minmax(min(100%,9rem),1fr))}
.maps span{font-size:.7rem}}
@media print{:root{color-scheme:light;
--paper:#fff;--panel:#f5f6f8;--ink:#000;--quiet:#444;--rule:#bbb;--grid:#ddd;--link:#000;
--good:#0d5a29;--bad:#8c1d14;${series(0)}}
html{font-size:10pt}body{max-width:none;padding:0}section{margin-top:1.5rem;padding-top:1rem}
h2,h3{break-after:avoid}figure,.card,tr,dl>div,pre{break-inside:avoid}
.opening{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.pair{max-width:9cm}
.cards,.charts{grid-template-columns:1fr 1fr;gap:.6cm}
.scroll{overflow:visible}table{font-size:8pt}th,td{padding:.2rem .4rem}
img{print-color-adjust:exact}}
`;
