/**
 * Colours of pictures and pages, light and dark. The hues are those of M. Okabe and K. Ito, which people with common
 * colour blindnesses can tell apart; a few are lighter or darker, to keep a contrast of 3:1 with the background. No
 * colour is the only sign of anything: areas are hatched, lines dashed, and states and verdicts named.
 */
export const LIGHT = `
  color-scheme: light;
  --ground: #ffffff; --raised: #f6f8fa; --line: #d0d7de; --ink: #1b1f24; --quiet: #57606a; --grid: #e4e8ec; --link: #0b5cad;
  --success: #009e73; --degraded: #c08400; --failed: #d55e00; --wrong: #b45c93; --hatch: #ffffff;
  --first: #0072b2; --second: #c14f00; --fault: #1b1f24; --fault-opacity: 0.09;
  --closed: #cfe8df; --open: #d55e00; --half-open: #f3cf7c; --left-out: #8fbfe0; --on-open: #000000;
  --held: #00694d; --not-held: #a33f00; --undecided: #6b4e00;
  --held-ground: #e6f4ef; --not-held-ground: #fdeee4; --undecided-ground: #fdf4dc;`;

export const DARK = `
  color-scheme: dark;
  --ground: #0d1117; --raised: #161b22; --line: #3a424c; --ink: #e6edf3; --quiet: #a2adb8; --grid: #242b33; --link: #6cb6ff;
  --success: #12b385; --degraded: #e69f00; --failed: #f0762b; --wrong: #cc79a7; --hatch: #0d1117;
  --first: #56b4e9; --second: #ff9752; --fault: #e6edf3; --fault-opacity: 0.13;
  --closed: #12463a; --open: #f0762b; --half-open: #8a6a1d; --left-out: #1f5f8a; --on-open: #000000;
  --held: #4fd6ac; --not-held: #ff9a5c; --undecided: #f0c75e;
  --held-ground: #0c2a22; --not-held-ground: #341c0c; --undecided-ground: #2f2608;`;

/** CSS of pictures, in a page or in files of their own. */
export const PICTURE_STYLE = `
  .picture { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; color: var(--ink); }
  .picture text { fill: var(--ink); }
  .picture .quiet { fill: var(--quiet); }
  .picture .heading { font-weight: 600; font-size: 13px; }
  .picture .fault { fill: var(--fault); fill-opacity: var(--fault-opacity); }
  .picture .fault.brief { fill-opacity: 0.7; }
  .picture .throughout { fill: none; stroke: var(--quiet); stroke-width: 0.75; stroke-dasharray: 2 3; }
  .picture .on-hatch text { stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
  .picture .on-open text { fill: var(--on-open); font-weight: 600; stroke: var(--open); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }`;

/**
 * For a picture in a file of its own. A page that shows the file as an image cannot style it, so the file brings its colours and its
 * background along; it follows the reader's light or dark setting.
 */
export const STANDALONE_STYLE = `svg {${LIGHT} background: var(--ground); }
@media (prefers-color-scheme: dark) { svg {${DARK} } }${PICTURE_STYLE}`;
