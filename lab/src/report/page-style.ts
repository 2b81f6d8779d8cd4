import { DARK, LIGHT, PICTURE_STYLE } from '@halfopen/figures/pictures';

export const PAGE_STYLE = `
:root {${LIGHT}
}
/* On paper the ground is white, whatever the reader's screen. */
@media screen and (prefers-color-scheme: dark) { :root {${DARK}
} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: anywhere; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: clamp(1.45rem, 4.5vw, 2.1rem); line-height: 1.2; margin: 0.2rem 0 0.6rem; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.8rem 0 0.6rem; letter-spacing: -0.005em; }
p { margin: 0.5rem 0; max-width: 46rem; }
a { color: var(--link); }
.eyebrow { color: var(--quiet); font-size: 0.85rem; margin: 0; overflow-wrap: anywhere; }
.note { color: var(--quiet); }
.note { font-size: 0.9rem; }
.verdict { border: 1px solid var(--line); border-left-width: 6px; border-radius: 8px; padding: 1rem 1.2rem; margin: 1.4rem 0; }
.verdict p { margin: 0.35rem 0 0; }
.verdict .word { display: flex; align-items: center; gap: 0.6rem; margin: 0; font-size: 1.5rem; font-weight: 700; line-height: 1.2; }
.verdict ul { margin: 0.5rem 0 0; padding-left: 1.2rem; }
.glance { overflow-x: auto; margin-top: 0.9rem; }
.glance table { width: auto; }
.glance caption { text-align: left; padding-bottom: 0.25rem; font-size: 0.92rem; }
.glance th, .glance td { background: none; border-top: 1px solid var(--line); padding: 0.3rem 2rem 0.3rem 0; }
.glance thead th { border: 0; font-weight: 400; font-size: 0.85rem; vertical-align: bottom; }
.gloss { display: block; color: var(--quiet); }
.glance tbody th, .glance td { font-weight: 600; }
.held { border-left-color: var(--held); background: var(--held-ground); } .held .word { color: var(--held); }
.failed { border-left-color: var(--not-held); background: var(--not-held-ground); } .failed .word { color: var(--not-held); }
.inconclusive { border-left-color: var(--undecided); background: var(--undecided-ground); } .inconclusive .word { color: var(--undecided); }
.mark { display: inline-grid; place-items: center; flex: none; width: 1.55em; height: 1.55em; border-radius: 50%; border: 2px solid currentColor; font-size: 0.75em; }
.badge { white-space: nowrap; font-weight: 600; }
.badge.held { color: var(--held); } .badge.failed { color: var(--not-held); } .badge.inconclusive { color: var(--undecided); }
.badge.held, .badge.failed, .badge.inconclusive { background: none; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin: 0.8rem 0; }
.scroll:focus-visible, .glance:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.scroll caption { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.8rem; border-top: 1px solid var(--line); }
thead th { background: var(--raised); font-weight: 600; border-top: 0; }
tbody th { font-weight: 500; }
tbody th[scope="rowgroup"] { background: var(--raised); font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
.interval { display: block; color: var(--quiet); font-size: 0.85em; }
/* Whoever scrolls to the right still sees which figure it is. */
.figures thead th:first-child, .figures tbody th[scope="row"] { position: sticky; left: 0; background: var(--ground); max-width: 9.5rem; }
.figures thead th:first-child { background: var(--raised); }
.figures td, .figures th { padding-top: 0.3rem; padding-bottom: 0.3rem; }
@media (min-width: 1024px) { .roomy .interval { display: inline-block; min-width: 11.5em; margin-left: 0.5em; } .roomy .number { padding-left: 0; } }
figure { margin: 1rem 0 2rem; }
figcaption { margin-bottom: 0.5rem; }
figcaption h3 { display: inline; font-size: 1rem; }
figcaption .env { color: var(--quiet); font-size: 0.88rem; overflow-wrap: anywhere; }
.picture { display: block; max-width: 100%; height: auto; }
.middle, .narrow { display: none; }
@media print, (max-width: 1023px) { .wide { display: none; } .middle { display: block; } }
@media screen and (max-width: 700px) {
  main { padding: 1.2rem 1rem 3rem; }
  th, td { padding: 0.45rem 0.55rem; }
  .middle { display: none; } .narrow { display: block; }
  .verdict { padding: 0.8rem 0.8rem 0.8rem 0.9rem; }
  .glance th, .glance thead th, .glance td { padding-right: 0.4rem; font-size: 0.78rem; }
  .glance :is(th, td):last-child { padding-right: 0; }
  .glance td { white-space: nowrap; }
  .gloss { display: none; }
  /* Four columns have no room: a hypothesis becomes a card, each cell with its own heading. */
  .hypotheses table, .hypotheses tbody, .hypotheses tr, .hypotheses th, .hypotheses td { display: block; }
  .hypotheses thead { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; }
  .hypotheses tr { padding: 0.5rem 0; border-top: 1px solid var(--line); }
  .hypotheses th, .hypotheses td { border: 0; padding: 0.12rem 0.8rem; text-align: left; white-space: normal; }
  .hypotheses td[data-heading]::before { content: attr(data-heading) ": "; color: var(--quiet); }
  .hypotheses .interval { display: inline; margin-left: 0.4em; }
}
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.2rem; margin: 0.8rem 0; font-size: 0.94rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 480px) { dl { column-gap: 0.8rem; } }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; overflow-x: auto; margin: 0.6rem 0;
  font: 0.86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; padding: 0.3rem 0; }
@media print {
  main { padding: 0; max-width: none; }
  .scroll { overflow: visible; }
  /* Nothing scrolls, and a ground of its own would hide the lines between the rows. */
  .figures thead th:first-child, .figures tbody th[scope="row"] { position: static; background: none; }
  h2, figcaption { break-after: avoid; }
  figure, tr, .verdict { break-inside: avoid; }
  /* Nobody opens them on paper. */
  details::details-content { content-visibility: visible; }
}
/* The picture's colours are its meaning: they keep their own ground. */
@media (forced-colors: active) { .picture { forced-color-adjust: none; background: var(--ground); } }
${PICTURE_STYLE}
`;
