//! The roofline: what each kernel reaches, against what compute and memory allow.

use std::fmt::Write;

use rvtile_kernels::DType;

use super::labels::{Placer, Rect, text_width};
use super::{escape, style};
use crate::bench::{Measurement, peak_flop_per_cycle};
use crate::machine::{Machine, MemoryPort};
use crate::report::number::{percent, quantity};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 640.0;
const AREA: Rect = Rect { left: 68.0, top: 16.0, right: 984.0, bottom: 580.0 };

/// A roof: what it is called, and its height (G(FL)OP/s, or GB/s per unit of intensity).
struct Roof {
    text: String,
    rate: f64,
}

/// Intensity and throughput on logarithmic axes.
struct Axes {
    x: (f64, f64),
    y: (f64, f64),
}

impl Axes {
    fn x(&self, intensity: f64) -> f64 {
        AREA.left + (AREA.right - AREA.left) * (intensity / self.x.0).ln() / (self.x.1 / self.x.0).ln()
    }

    fn y(&self, rate: f64) -> f64 {
        AREA.bottom - (AREA.bottom - AREA.top) * (rate / self.y.0).ln() / (self.y.1 / self.y.0).ln()
    }
}

/// The roofline as an SVG file of its own.
pub fn picture(machine: &Machine, measurements: &[Measurement]) -> String {
    let head = "<svg xmlns=\"http://www.w3.org/2000/svg\"";
    format!("{head}{}", drawing(machine, measurements, &format!("<style>{}</style>", style::CHART)))
}

/// The roofline as an element of a page that has the style.
pub(super) fn element(machine: &Machine, measurements: &[Measurement]) -> String {
    format!("<svg{}", drawing(machine, measurements, ""))
}

/// Everything behind `<svg`.
fn drawing(machine: &Machine, measurements: &[Measurement], style: &str) -> String {
    let points: Vec<&Measurement> = measurements.iter().filter(|m| m.check.ok && m.flop > 0).collect();
    let compute = compute_roofs(machine, &points);
    let memory = memory_roofs(machine);
    let axes = axes(&points, &compute, &memory);
    let title = format!("Roofline of {}", machine.name);
    let mut svg = format!(
        " class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">\n\
         {style}<title>{0}</title>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n",
        escape(&title)
    );
    svg += &grid(&axes, points.iter().any(|m| m.dtype == DType::I8));
    let mut placer = Placer { area: inner(), taken: Vec::new(), lines: Vec::new() };
    let centres: Vec<(f64, f64)> = points.iter().map(|m| (axes.x(m.intensity()), axes.y(m.gflops()))).collect();
    svg += &roofs(&axes, &compute, &memory, &centres, &mut placer);
    svg += &marks(&points, &centres, placer);
    svg + "</svg>\n"
}

/// The plot area without its outermost pixels.
fn inner() -> Rect {
    Rect { left: AREA.left + 4.0, top: AREA.top + 3.0, right: AREA.right - 4.0, bottom: AREA.bottom - 3.0 }
}

fn compute_roofs(machine: &Machine, points: &[&Measurement]) -> Vec<Roof> {
    let all = [DType::F32, DType::F16, DType::I8];
    let present = |dtype: &DType| points.is_empty() || points.iter().any(|m| m.dtype == *dtype);
    let roof = |dtype: DType| {
        let per_cycle = peak_flop_per_cycle(machine, dtype);
        let rate = per_cycle * machine.core.clock_mhz / 1000.0;
        let unit = if dtype == DType::I8 { "OP" } else { "FLOP" };
        let text =
            format!("{} peak: {} G{unit}/s ({} {unit}/cycle)", dtype.name(), quantity(rate), quantity(per_cycle));
        Roof { text, rate }
    };
    all.into_iter().filter(present).map(roof).collect()
}

fn memory_roofs(machine: &Machine) -> Vec<Roof> {
    let ports = if machine.vector.memory_port == MemoryPort::Split { 2 } else { 1 };
    let port = f64::from(machine.vector.port_bytes * ports);
    let roofs = [("vector memory port", port), ("DRAM", machine.memory.dram.read_bytes_per_cycle)];
    let roof = |(name, per_cycle): (&str, f64)| {
        let rate = per_cycle * machine.core.clock_mhz / 1000.0;
        Roof { text: format!("{name}: {} GB/s ({} B/cycle)", quantity(rate), quantity(per_cycle)), rate }
    };
    roofs.into_iter().filter(|(_, per_cycle)| per_cycle.is_finite()).map(roof).collect()
}

/// Axes that show all points and where the roofs meet.
fn axes(points: &[&Measurement], compute: &[Roof], memory: &[Roof]) -> Axes {
    let top = compute.iter().map(|roof| roof.rate).fold(1e-3, f64::max);
    let slowest = memory.iter().map(|roof| roof.rate).fold(top, f64::min);
    let ridge = top / slowest;
    let intensities = || points.iter().map(|m| m.intensity()).chain([ridge]);
    let low = intensities().fold(f64::INFINITY, f64::min) / 2.0;
    let high = intensities().fold(0.0, f64::max) * 2.0;
    let rates = || points.iter().map(|m| m.gflops());
    let bottom = rates().fold(top / 100.0, f64::min) / 1.6;
    let highest = rates().fold(top, f64::max);
    Axes { x: (low.log2().floor().exp2(), high.log2().ceil().exp2()), y: (bottom, highest * 1.6) }
}

/// 1, 2 and 5 times powers of ten between two limits.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    decades
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(decade)))
        .filter(|tick| (low..=high).contains(tick))
        .collect()
}

/// A tick's number without needless digits.
fn tick_text(tick: f64) -> String {
    if tick >= 1.0 { format!("{tick:.0}") } else { format!("{}", (tick * 1e6).round() / 1e6) }
}

fn grid(axes: &Axes, integers: bool) -> String {
    let mut svg = String::new();
    let Rect { left, top, right, bottom } = AREA;
    let mut exponent = axes.x.0.log2().round() as i32;
    while f64::from(exponent).exp2() <= axes.x.1 {
        let tick = f64::from(exponent).exp2();
        let x = axes.x(tick);
        let text = if exponent < 0 { format!("1/{:.0}", 1.0 / tick) } else { format!("{tick:.0}") };
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"/>");
        let _ = writeln!(
            svg,
            "<text class=\"soft\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            bottom + 18.0
        );
        exponent += 1;
    }
    for tick in ticks(axes.y) {
        let y = axes.y(tick);
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let _ = writeln!(
            svg,
            "<text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y + 4.0,
            tick_text(tick)
        );
    }
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let unit = if integers { "GFLOP/s (i8: GOP/s)" } else { "GFLOP/s" };
    let ops = if integers { "FLOP or OP per byte" } else { "FLOP per byte" };
    let _ = writeln!(
        svg,
        "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/>\n\
         <text class=\"name\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">\
         Arithmetic intensity, {ops} of compulsory traffic</text>\n\
         <text class=\"name\" x=\"16\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {y})\">{unit}</text>",
        right - left,
        bottom - top,
        bottom + 44.0,
    );
    svg
}

/// Roofs and their names; tells the placer what they cover.
fn roofs(axes: &Axes, compute: &[Roof], memory: &[Roof], points: &[(f64, f64)], placer: &mut Placer) -> String {
    let mut svg = String::new();
    let fastest = memory.iter().map(|roof| roof.rate).fold(0.0, f64::max);
    let highest = compute.iter().map(|roof| roof.rate).fold(0.0, f64::max);
    for roof in compute {
        let start = if fastest > 0.0 { (roof.rate / fastest).clamp(axes.x.0, axes.x.1) } else { axes.x.0 };
        let (left, y) = (axes.x(start), axes.y(roof.rate));
        let text_left = clear_of_points(left, y, text_width(&roof.text), points);
        let _ = writeln!(
            svg,
            "<line class=\"roof\" x1=\"{left:.1}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
             <text class=\"halo label\" x=\"{text_left:.1}\" y=\"{:.1}\">{}</text>",
            AREA.right,
            y - 6.0,
            escape(&roof.text)
        );
        let text_right = text_left + text_width(&roof.text);
        placer.taken.push(Rect { left: text_left, top: y - 19.0, right: text_right, bottom: y });
        placer.lines.extend(samples((left, y), (AREA.right, y)));
    }
    for roof in memory {
        // From where the roof enters the picture to where the highest compute roof cuts it.
        let start = axes.x.0.max(axes.y.0 / roof.rate);
        let end = axes.x.1.min(highest / roof.rate);
        if start >= end {
            continue;
        }
        let from = (axes.x(start), axes.y(start * roof.rate));
        let to = (axes.x(end), axes.y(end * roof.rate));
        let _ = writeln!(
            svg,
            "<line class=\"roof memory\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
        svg += &slanted(&roof.text, from, to, points, placer);
        placer.lines.extend(samples(from, to));
    }
    svg
}

/// Where a name of this width on a level roof that begins at `left` has fewest points around it.
fn clear_of_points(left: f64, y: f64, width: f64, points: &[(f64, f64)]) -> f64 {
    // Behind the memory roofs, which end on the compute roofs.
    let (first, last) = ((left + 150.0).min(AREA.right - width - 8.0), AREA.right - width - 8.0);
    let crowd = |start: f64| {
        let place = Rect { left: start, top: y - 19.0, right: start + width, bottom: y };
        let closeness = |&(x, y): &(f64, f64)| {
            let (near_x, near_y) = place.nearest((x, y));
            (-(near_x - x).hypot(near_y - y) / 40.0).exp()
        };
        points.iter().map(closeness).sum::<f64>()
    };
    let starts = (0..=40).map(|step| last - (last - first) * f64::from(step) / 40.0);
    starts.min_by(|a, b| crowd(*a).total_cmp(&crowd(*b))).unwrap_or(last)
}

/// A name along a rising line, above it, where no point is.
fn slanted(text: &str, from: (f64, f64), to: (f64, f64), points: &[(f64, f64)], placer: &mut Placer) -> String {
    let (length, angle) = ((to.0 - from.0).hypot(to.1 - from.1), (to.1 - from.1).atan2(to.0 - from.0));
    let (sin, cos) = angle.sin_cos();
    let width = text_width(text);
    // Squares along the text, 12 units above the line.
    let covered = |start: f64| {
        let steps = (width / 10.0).ceil() as usize;
        (0..=steps).map(move |step| {
            let along = start + width * step as f64 / steps as f64;
            Rect::around(from.0 + along * cos + 12.0 * sin, from.1 + along * sin - 12.0 * cos, 8.0)
        })
    };
    let room = (length - width).max(0.0);
    let starts = (0..=20).map(|step| 14.0 + (room - 28.0).max(0.0) * f64::from(step) / 20.0);
    let bad = |start: &f64| {
        let near = |rect: &Rect| points.iter().filter(|&&(x, y)| rect.overlaps(&Rect::around(x, y, 8.0))).count();
        let over = |rect: &Rect| placer.taken.iter().filter(|taken| taken.overlaps(rect)).count();
        covered(*start).map(|rect| near(&rect) + over(&rect)).sum::<usize>()
    };
    let start = starts.min_by_key(bad).unwrap_or(6.0);
    placer.taken.extend(covered(start));
    let (x, y) = (from.0 + start * cos + 8.0 * sin, from.1 + start * sin - 8.0 * cos);
    format!(
        "<text class=\"halo label\" x=\"{x:.1}\" y=\"{y:.1}\" transform=\"rotate({:.2} {x:.1} {y:.1})\">{}</text>\n",
        angle.to_degrees(),
        escape(text)
    )
}

fn samples(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 5.0).ceil().max(1.0) as usize;
    (0..=steps).map(move |step| {
        let part = step as f64 / steps as f64;
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    })
}

/// Points with their labels.
fn marks(points: &[&Measurement], centres: &[(f64, f64)], placer: Placer) -> String {
    let mut kernels: Vec<&str> = Vec::new();
    for m in points {
        if !kernels.contains(&m.kernel) {
            kernels.push(m.kernel);
        }
    }
    let texts: Vec<String> = points.iter().map(|m| format!("{} {}", m.kernel, m.shape)).collect();
    let wanted: Vec<_> = centres.iter().zip(&texts).map(|(&(x, y), text)| (x, y, text_width(text) + 6.0)).collect();
    let places = placer.place(&wanted);
    let (mut lines, mut shapes, mut labels) = (String::new(), String::new(), String::new());
    for (index, m) in points.iter().enumerate() {
        let ((x, y), place, text) = (centres[index], places[index], &texts[index]);
        let series = kernels.iter().position(|name| *name == m.kernel).unwrap_or(0);
        let (to_x, to_y) = place.nearest((x, y));
        let (fill, stroke) = style::series(series);
        if (to_x - x).hypot(to_y - y) > 11.0 {
            let _ = writeln!(
                lines,
                "<line class=\"leader {stroke}\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>"
            );
        }
        let unit = if m.dtype == DType::I8 { "OP" } else { "FLOP" };
        let hover = format!(
            "{text}: {} G{unit}/s, {} % of the {} peak, {} {unit}/byte",
            quantity(m.gflops()),
            percent(m.fraction_of_peak()),
            m.dtype.name(),
            quantity(m.intensity())
        );
        let _ = writeln!(
            shapes,
            "<path class=\"point {fill} {stroke}\" d=\"{}\"><title>{}</title></path>",
            shape(series, x, y),
            escape(&hover)
        );
        // The text is as wide as the reader's font makes it: it holds on to the side of its point.
        let (anchor, text_x) = match x {
            x if x < place.left => ("start", place.left),
            x if x > place.right => ("end", place.right),
            _ => ("middle", (place.left + place.right) / 2.0),
        };
        let _ = writeln!(
            labels,
            "<text class=\"halo label {fill}\" x=\"{text_x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            place.bottom - 3.0,
            escape(text)
        );
    }
    lines + shapes.as_str() + labels.as_str()
}

/// The outline of a kernel's marks.
fn shape(series: usize, x: f64, y: f64) -> String {
    let polygon = |corners: &[(f64, f64)]| {
        let mut path = String::new();
        for (index, (dx, dy)) in corners.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if index == 0 { "M" } else { "L" }, x + dx, y + dy);
        }
        path + "Z"
    };
    match series {
        0 => format!("M{:.1} {y:.1}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z", x - 6.0),
        1 => polygon(&[(-5.5, -5.5), (5.5, -5.5), (5.5, 5.5), (-5.5, 5.5)]),
        2 => polygon(&[(0.0, -7.5), (7.5, 0.0), (0.0, 7.5), (-7.5, 0.0)]),
        3 => polygon(&[(0.0, -7.0), (7.0, 5.5), (-7.0, 5.5)]),
        4 => polygon(&[(0.0, 7.0), (7.0, -5.5), (-7.0, -5.5)]),
        5 => polygon(&[
            (-2.5, -7.0),
            (2.5, -7.0),
            (2.5, -2.5),
            (7.0, -2.5),
            (7.0, 2.5),
            (2.5, 2.5),
            (2.5, 7.0),
            (-2.5, 7.0),
            (-2.5, 2.5),
            (-7.0, 2.5),
            (-7.0, -2.5),
            (-2.5, -2.5),
        ]),
        _ => polygon(&[(-6.5, 0.0), (-3.3, -5.7), (3.3, -5.7), (6.5, 0.0), (3.3, 5.7), (-3.3, 5.7)]),
    }
}
