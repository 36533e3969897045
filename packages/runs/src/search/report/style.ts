/** The style of the report: light or dark as the reader's system is, nothing loaded from elsewhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2129; --soft: #5d6675; --line: #e4e2db; --band: #f4f2ec;
  --accent: #0b7a6f; --accent-soft: #0b7a6f22; --gold: #b7791f; --quiet: #b9bec8; --shadow: 0 1px 2px #1d212914, 0 8px 24px #1d21290d;
  --hue-0: #3f6fb5; --hue-1: #c2643f; --hue-2: #7a5bb0; --hue-3: #b0902c; --hue-4: #4d8f5a; --hue-5: #b5517f; --hue-6: #3c8fa3; --hue-7: #7d6b57;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --card: #1c2027; --ink: #e9ebef; --soft: #9aa3b2; --line: #2c323c; --band: #20252d;
    --accent: #3fc5b3; --accent-soft: #3fc5b326; --gold: #e0a84a; --quiet: #525b69; --shadow: none;
    --hue-0: #7ba7e8; --hue-1: #e8916c; --hue-2: #ab8fe0; --hue-3: #d9bc5c; --hue-4: #7cc48a; --hue-5: #e285ae; --hue-6: #6fc3d6; --hue-7: #b5a28c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 48px 24px 72px; }
header p.kind { margin: 0; color: var(--accent); font-weight: 600; letter-spacing: .02em; }
h1 { margin: 4px 0 8px; font-size: 34px; line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
header p.lead { margin: 0; max-width: 68ch; color: var(--soft); }
h2 { margin: 0 0 4px; font-size: 19px; letter-spacing: -.01em; }
section { margin-top: 24px; padding: 22px 26px 20px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
section p { margin: 0 0 14px; max-width: 76ch; color: var(--soft); font-size: 14.5px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px; margin: 28px 0 0; padding: 0; list-style: none; }
.figures li { padding: 16px 18px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
.figures b { display: block; font-size: 24px; line-height: 1.2; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures .main b { color: var(--accent); }
.figures span { color: var(--soft); font-size: 13.5px; }
svg { display: block; width: 100%; height: auto; overflow: visible; font: 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
text { fill: var(--ink); }
text.tick { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
text.strong, text.value { font-weight: 650; }
text.value { fill: var(--accent); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); } .band { fill: var(--band); }
.start { stroke: var(--soft); stroke-dasharray: 3 4; }
.best { fill: none; stroke: var(--accent); stroke-width: 2.5; stroke-linejoin: round; }
.mean { fill: none; stroke: var(--gold); stroke-width: 2; }
.area { fill: var(--accent-soft); }
circle.accepted { fill: var(--accent); stroke: var(--card); stroke-width: 2; }
circle.rejected { fill: none; stroke: var(--soft); stroke-width: 1.2; opacity: .8; }
.early { stroke: var(--quiet); stroke-width: 2; stroke-linecap: round; }
.lane { stroke: var(--hue); stroke-width: 2; opacity: .35; } .lane.chosen { stroke-width: 3; opacity: .8; }
.descent { fill: none; stroke: var(--hue); stroke-width: 1.6; opacity: .65; }
.origin, .offspring { fill: var(--hue); stroke: var(--card); stroke-width: 2; }
.result { fill: var(--card); stroke: var(--hue); stroke-width: 4; }
.hue-0 { --hue: var(--hue-0); } .hue-1 { --hue: var(--hue-1); } .hue-2 { --hue: var(--hue-2); } .hue-3 { --hue: var(--hue-3); }
.hue-4 { --hue: var(--hue-4); } .hue-5 { --hue: var(--hue-5); } .hue-6 { --hue: var(--hue-6); } .hue-7 { --hue: var(--hue-7); }
.base { --hue: var(--quiet); } .merged { --hue: var(--accent); }
.bar { fill: var(--hue); opacity: .5; } .bar.merged { opacity: 1; }
.unspent { fill: var(--band); } .spent.rejected { fill: var(--quiet); } .spent.accepted { fill: var(--accent); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; }
.swatch { width: 11px; height: 11px; border-radius: 3px; background: var(--hue); }
.swatch.line { width: 18px; height: 3px; } .swatch.dot { border-radius: 50%; } .swatch.ring { border-radius: 50%; background: none; border: 1.5px solid var(--soft); }
.swatch.best-line { background: var(--accent); } .swatch.mean-line { background: var(--gold); } .swatch.quiet { background: var(--quiet); }
details summary { cursor: pointer; font-size: 19px; font-weight: 700; letter-spacing: -.01em; }
.scroll { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px 6px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; }
tr.accepted td { color: var(--accent); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 22px; margin: 10px 0 0; font-size: 14.5px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) { main { padding: 28px 14px 48px; } section { padding: 18px 16px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { section, .figures li { break-inside: avoid; box-shadow: none; } }
`.trim();
