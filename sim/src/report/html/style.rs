//! Colours and type. The hues are those of Okabe and Ito, which readers with any colour vision tell apart.

use crate::timing::ledger::Cause;

/// For charts, on a page and alone.
pub(super) const CHART: &str = "
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --grid: #e4e7eb; --axis: #8c959f;
  --k0: #0072b2; --k1: #b8570a; --k2: #007f5c; --k3: #a8487f; --k4: #3d7ea6; --k5: #7a6a00; --k6: #555555; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171c; --ink: #e6e9ed; --soft: #a4adb8; --grid: #272c34; --axis: #6b7480;
    --k0: #56b4e9; --k1: #ff9d4d; --k2: #2fd6a4; --k3: #f0a3cd; --k4: #9ccfea; --k5: #f0e442; --k6: #bbbbbb; } }
.chart { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif; display: block;
  width: 100%; height: auto; }
.chart text { fill: var(--ink); font-size: 12px; }
.chart .soft { fill: var(--soft); }
.chart .name { font-size: 13px; } .chart .label { font-size: 11px; }
.chart .paper { fill: var(--paper); }
.chart .grid { stroke: var(--grid); stroke-width: 1; }
.chart .frame { stroke: var(--axis); stroke-width: 1; fill: none; }
.chart .roof { stroke: var(--ink); stroke-width: 2; fill: none; }
.chart .memory { stroke-dasharray: 7 4; }
.chart .leader { stroke-width: 1; stroke-opacity: 0.75; }
.chart .line { stroke-width: 2; fill: none; }
.chart .point { fill-opacity: 0.3; stroke-width: 1.8; }
.chart .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3.5px; stroke-linejoin: round; }
.chart .k0 { fill: var(--k0); } .chart .s0 { stroke: var(--k0); }
.chart .k1 { fill: var(--k1); } .chart .s1 { stroke: var(--k1); }
.chart .k2 { fill: var(--k2); } .chart .s2 { stroke: var(--k2); }
.chart .k3 { fill: var(--k3); } .chart .s3 { stroke: var(--k3); }
.chart .k4 { fill: var(--k4); } .chart .s4 { stroke: var(--k4); }
.chart .k5 { fill: var(--k5); } .chart .s5 { stroke: var(--k5); }
.chart .k6 { fill: var(--k6); } .chart .s6 { stroke: var(--k6); }
.chart .part { stroke: var(--paper); stroke-width: 1; }
.chart text.on-dark { fill: #ffffff; } .chart text.on-light { fill: #1b1f24; }
";

/// For the page around them.
pub(super) const PAGE: &str = "
body { margin: 0 auto; max-width: 1080px; padding: 24px 28px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 8px 0 4px; } h2 { font-size: 19px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { margin: 4px 0 12px; } .soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 16px 0 0; padding: 0; }
.facts div { margin: 0; } .facts dt { color: var(--soft); font-size: 13px; } .facts dd { margin: 0; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; line-height: 1.35; width: 100%;
  font-variant-numeric: tabular-nums; }
th, td { padding: 4px 8px; text-align: left; border-bottom: 1px solid var(--grid); vertical-align: top; }
th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--axis); vertical-align: bottom; }
td.n, th.n { text-align: right; } td.n { white-space: nowrap; } td.w { white-space: nowrap; }
.wrong { border-left: 4px solid #d55e00; padding: 6px 12px; margin: 16px 0; }
.guess { border: 1px solid var(--k1); color: var(--k1); border-radius: 4px; padding: 0 4px; font-size: 11px;
  white-space: nowrap; }
td.guessed { color: var(--k1); font-style: italic; }
details { margin: 12px 0; } summary { cursor: pointer; font-weight: 600; }
.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 2px 20px; padding: 0;
  margin: 12px 0; list-style: none; font-size: 13px; }
.legend li { display: flex; gap: 8px; } .legend .box { flex: none; width: 13px; height: 13px; margin-top: 3px;
  border-radius: 2px; }
.legend .mean { color: var(--soft); }
";

/// The classes of a kernel's fills and of its lines, by its place among the kernels.
pub(super) fn series(index: usize) -> (String, String) {
    (format!("k{}", index.min(6)), format!("s{}", index.min(6)))
}

/// The fill of a cause: work in blues and greens, operands in ambers, chaining in pinks, limits of the unit in
/// yellows, memory in reds, the rest in greys.
pub(super) fn fill(cause: Cause) -> &'static str {
    match cause {
        Cause::VectorMac => "#0072b2",
        Cause::VectorArithmetic => "#56b4e9",
        Cause::MemoryPort => "#009e73",
        Cause::Issue => "#9adbc2",
        Cause::OperandLoad => "#e69f00",
        Cause::OperandAlu => "#f3c969",
        Cause::OperandMul => "#c98b00",
        Cause::OperandDiv => "#a37000",
        Cause::OperandFp => "#f7dfa5",
        Cause::OperandVector => "#7d5600",
        Cause::ChainLoad => "#cc79a7",
        Cause::ChainMac => "#9c4a7c",
        Cause::ChainArithmetic => "#e8bcd5",
        Cause::RegisterReuse => "#6b3460",
        Cause::QueueFull => "#f0e442",
        Cause::Sequencer => "#c2b71a",
        Cause::StorePath => "#b8860b",
        Cause::Divider => "#8a8200",
        Cause::L1Miss => "#f4b08e",
        Cause::L2Miss => "#e07a3a",
        Cause::Dram => "#c04a00",
        Cause::FetchMiss => "#7a2a00",
        Cause::Branch => "#4d5156",
        Cause::Drain => "#8f959c",
        Cause::Environment => "#c3c8ce",
    }
}

/// The class of text on a fill: dark or light, whichever has the better contrast.
pub(super) fn text_on(fill: &str) -> &'static str {
    let channel = |at: usize| {
        let value = fill.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        (f64::from(value) / 255.0).powf(2.2)
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if luminance > 0.2 { "on-light" } else { "on-dark" }
}
