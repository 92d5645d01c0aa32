//! Loops, found in the graph of where control went.
//!
//! A loop is a set of instructions that reach each other; its header is where control came in most often. Without the
//! header, what still reaches each other is an inner loop. So it does not matter how a compiler laid a loop out.

use std::collections::HashMap;

/// A loop, with instructions as indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is entered.
    pub header: usize,
    /// All its instructions, those of inner loops included, in rising order.
    pub members: Vec<usize>,
    /// How often it was entered.
    pub entries: u64,
    /// Whether there is a loop inside.
    pub inner: bool,
}

/// Control went `count` times from one instruction to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub count: u64,
}

/// Finds the loops among `count` instructions, outer ones first, and for each instruction the innermost around it.
pub(super) fn find(count: usize, edges: &[Edge]) -> (Vec<Found>, Vec<Option<usize>>) {
    let mut graph = Graph { next: vec![Vec::new(); count], part: vec![0; count] };
    for edge in edges {
        graph.next[edge.from].push(edge.to);
    }
    let (mut loops, mut inside): (Vec<Found>, _) = (Vec::new(), vec![None; count]);
    // Parts of the graph in which loops are still to be found, each with the loop around it.
    let mut work = vec![(0, (0..count).collect::<Vec<usize>>(), None)];
    let mut parts = 0;
    while let Some((part, nodes, around)) = work.pop() {
        for mut members in graph.components(&nodes, part) {
            members.sort_unstable();
            parts += 1;
            members.iter().for_each(|&node| graph.part[node] = parts);
            let entering = |edge: &&Edge| graph.part[edge.to] == parts && graph.part[edge.from] != parts;
            let mut arrivals: Vec<(usize, u64)> = Vec::new();
            for edge in edges.iter().filter(entering) {
                match arrivals.iter_mut().find(|(node, _)| *node == edge.to) {
                    Some((_, times)) => *times += edge.count,
                    None => arrivals.push((edge.to, edge.count)),
                }
            }
            let header = arrivals.iter().max_by_key(|&&(node, times)| (times, std::cmp::Reverse(node)));
            let header = header.map_or(members[0], |&(node, _)| node);
            let entries = arrivals.iter().map(|(_, times)| times).sum();
            members.iter().for_each(|&node| inside[node] = Some(loops.len()));
            if let Some(around) = around {
                let outer: &mut Found = &mut loops[around];
                outer.inner = true;
            }
            // The header leaves the part: edges through it no longer count.
            graph.part[header] = usize::MAX;
            let rest = members.iter().copied().filter(|&node| node != header).collect();
            work.push((parts, rest, Some(loops.len())));
            loops.push(Found { header, members, entries, inner: false });
        }
    }
    (loops, inside)
}

struct Graph {
    next: Vec<Vec<usize>>,
    /// Only edges inside one part are seen.
    part: Vec<usize>,
}

/// A node that is being visited: its place in the order of visits, and the earliest place that it reaches.
#[derive(Clone, Copy)]
struct Visit {
    order: usize,
    low: usize,
    open: bool,
}

impl Graph {
    /// The sets of nodes of a part that reach each other, by Tarjan's algorithm; single nodes only with an edge to
    /// themselves.
    fn components(&self, nodes: &[usize], part: usize) -> Vec<Vec<usize>> {
        let mut visits: HashMap<usize, Visit> = HashMap::new();
        let (mut components, mut open) = (Vec::new(), Vec::new());
        for &root in nodes {
            if visits.contains_key(&root) {
                continue;
            }
            // A stack of its own instead of recursion: a program is deeper than the host's stack.
            let mut path = vec![(root, 0)];
            while let Some((node, edge)) = path.pop() {
                if edge == 0 {
                    let order = visits.len();
                    visits.insert(node, Visit { order, low: order, open: true });
                    open.push(node);
                }
                let targets = &self.next[node];
                if let Some(&target) = targets.get(edge) {
                    path.push((node, edge + 1));
                    if self.part[target] == part {
                        match visits.get(&target).copied() {
                            None => path.push((target, 0)),
                            Some(seen) if seen.open => lower(&mut visits, node, seen.order),
                            Some(_) => {}
                        }
                    }
                    continue;
                }
                let Visit { order, low, .. } = visits[&node];
                if low == order {
                    let start = open.iter().rposition(|&other| other == node).unwrap_or(0);
                    let component = open.split_off(start);
                    component.iter().for_each(|other| {
                        visits.entry(*other).and_modify(|visit| visit.open = false);
                    });
                    if component.len() > 1 || targets.contains(&node) {
                        components.push(component);
                    }
                }
                if let Some(&(parent, _)) = path.last() {
                    lower(&mut visits, parent, low);
                }
            }
        }
        components
    }
}

fn lower(visits: &mut HashMap<usize, Visit>, node: usize, low: usize) {
    visits.entry(node).and_modify(|visit| visit.low = visit.low.min(low));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(list: &[(usize, usize, u64)]) -> Vec<Edge> {
        list.iter().map(|&(from, to, count)| Edge { from, to, count }).collect()
    }

    #[test]
    fn nested_loops() {
        // 0; 1 { 2 { 3 } 4 } 5
        let list = edges(&[(0, 1, 1), (1, 2, 10), (2, 3, 90), (3, 2, 80), (3, 4, 10), (4, 1, 9), (4, 5, 1)]);
        let (loops, inside) = find(6, &list);
        assert_eq!(loops.len(), 2);
        assert_eq!((loops[0].header, &loops[0].members[..], loops[0].entries), (1, &[1, 2, 3, 4][..], 1));
        assert_eq!((loops[1].header, &loops[1].members[..], loops[1].entries), (2, &[2, 3][..], 10));
        assert_eq!((loops[0].inner, loops[1].inner), (true, false));
        assert_eq!(inside, [None, Some(0), Some(1), Some(1), Some(0), None]);
    }

    #[test]
    fn a_loop_in_pieces_is_one() {
        // The middle of the body stands behind the end: 1 2 -> 4 5 -> 3 -> 1
        let list = edges(&[(0, 1, 1), (1, 2, 9), (2, 4, 9), (4, 5, 9), (5, 3, 9), (3, 1, 8), (3, 6, 1)]);
        let (loops, _) = find(7, &list);
        assert_eq!(loops.len(), 1);
        assert_eq!(loops[0].members, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn an_instruction_that_jumps_to_itself() {
        let (loops, inside) = find(3, &edges(&[(0, 1, 1), (1, 1, 5), (1, 2, 1)]));
        assert_eq!((loops.len(), inside), (1, vec![None, Some(0), None]));
        assert_eq!(find(3, &edges(&[(0, 1, 1), (1, 2, 1)])).0.len(), 0);
    }
}
