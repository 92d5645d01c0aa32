//! Placing labels beside points so that none covers another.

/// An upright rectangle in the units of the picture; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn around(x: f64, y: f64, radius: f64) -> Rect {
        Rect { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    fn within(&self, outer: &Rect) -> bool {
        outer.left <= self.left && outer.top <= self.top && self.right <= outer.right && self.bottom <= outer.bottom
    }

    /// The point of the rectangle that is nearest to another point.
    pub fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// Width of text at the size of point labels, estimated from its length.
pub(super) fn text_width(text: &str) -> f64 {
    6.6 * text.chars().count() as f64
}

const HEIGHT: f64 = 14.0;
/// Room that a point takes.
const POINT: f64 = 7.0;

/// What labels keep clear of, in a plot area.
pub(super) struct Placer {
    pub area: Rect,
    /// Never covered.
    pub taken: Vec<Rect>,
    /// Lines as close points: covered only where there is no better place.
    pub lines: Vec<(f64, f64)>,
}

/// How often every label looks for a better place among the others.
const ROUNDS: usize = 4;

impl Placer {
    /// A place for the text of each point (centre and width), in the order of the points. Each is as near to its point
    /// as the others allow; points in crowds choose first, and later see what the others have chosen.
    pub fn place(mut self, points: &[(f64, f64, f64)]) -> Vec<Rect> {
        self.taken.extend(points.iter().map(|&(x, y, _)| Rect::around(x, y, POINT)));
        let crowd = |&(x, y, _): &(f64, f64, f64)| {
            points
                .iter()
                .map(|&(other_x, other_y, _)| (-((x - other_x) / 80.0).hypot((y - other_y) / 20.0)).exp())
                .sum()
        };
        let crowds: Vec<f64> = points.iter().map(crowd).collect();
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by(|&a, &b| crowds[b].total_cmp(&crowds[a]));
        let mut places: Vec<Option<Rect>> = vec![None; points.len()];
        for index in order.repeat(ROUNDS) {
            let (x, y, width) = points[index];
            places[index] = None;
            let others: Vec<Rect> = places.iter().copied().flatten().collect();
            let placed = places.iter().zip(points).filter_map(|(place, &(x, y, _))| Some(leader(&(*place)?, (x, y))));
            let leaders: Vec<(f64, f64)> = placed.flatten().collect();
            places[index] = candidates(x, y, width)
                .filter(|rect| rect.within(&self.area))
                .map(|rect| (self.cost(&rect, (x, y), &others, &leaders), rect))
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, rect)| rect);
        }
        let beside = |&(x, y, width): &(f64, f64, f64)| Rect { left: x, top: y, right: x + width, bottom: y + HEIGHT };
        places.into_iter().zip(points).map(|(place, point)| place.unwrap_or_else(|| beside(point))).collect()
    }

    /// What a place costs: distance, what it covers, and what its leader cuts.
    fn cost(&self, rect: &Rect, point: (f64, f64), others: &[Rect], leaders: &[(f64, f64)]) -> f64 {
        let near = rect.nearest(point);
        let distance = (near.0 - point.0).hypot(near.1 - point.1);
        let taken = || self.taken.iter().chain(others);
        let covered = taken().filter(|taken| taken.overlaps(rect)).count() as f64;
        let crossed = self.lines.iter().filter(|&&sample| rect.holds(sample)).count() as f64;
        let hidden = leaders.iter().filter(|&&sample| rect.holds(sample)).count() as f64;
        // The leader leaves its own point's square, so one is always hit.
        let cut = leader(rect, point)
            .filter(|&sample| taken().any(|taken| taken.holds(sample) && !taken.holds(point)))
            .count() as f64;
        distance + 1000.0 * covered + 8.0 * crossed + 30.0 * hidden + 30.0 * cut
    }
}

/// The line from a point to its label, as close points.
fn leader(rect: &Rect, (x, y): (f64, f64)) -> impl Iterator<Item = (f64, f64)> + use<> {
    let (to_x, to_y) = rect.nearest((x, y));
    let steps = ((to_x - x).hypot(to_y - y) / 4.0).floor() as usize;
    (1..steps).map(move |step| {
        let part = step as f64 / steps as f64;
        (x + (to_x - x) * part, y + (to_y - y) * part)
    })
}

/// Places around a point: right, left, and on rings of growing size.
fn candidates(x: f64, y: f64, width: f64) -> impl Iterator<Item = Rect> {
    const DIRECTIONS: usize = 32;
    (0..28).flat_map(move |ring| {
        let radius = 11.0 + 7.0 * f64::from(ring);
        (0..DIRECTIONS).map(move |direction| {
            let angle = std::f64::consts::TAU * direction as f64 / DIRECTIONS as f64;
            let (sin, cos) = angle.sin_cos();
            let (near_x, near_y) = (x + radius * cos, y + radius * sin);
            // Beside the point the label starts or ends at the ring; above and below it is centred.
            let left = near_x - width * (1.0 - cos) / 2.0;
            let top = near_y - HEIGHT * (1.0 - sin) / 2.0;
            Rect { left, top, right: left + width, bottom: top + HEIGHT }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_covers_another_or_a_point() {
        let area = Rect { left: 0.0, top: 0.0, right: 900.0, bottom: 500.0 };
        let points: Vec<_> =
            (0..24).map(|i| (300.0 + 13.0 * f64::from(i % 6), 200.0 + 9.0 * f64::from(i / 6), 140.0)).collect();
        let places = Placer { area, taken: Vec::new(), lines: Vec::new() }.place(&points);
        for (index, place) in places.iter().enumerate() {
            assert!(place.within(&area));
            assert!(places[..index].iter().all(|other| !other.overlaps(place)), "label {index}");
            assert!(points.iter().all(|&(x, y, _)| !place.holds((x, y))), "label {index} covers a point");
        }
    }
}
