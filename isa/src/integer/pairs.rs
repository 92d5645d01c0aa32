//! Neighbours that are run in one go: half the jumps from operation to operation. Only the chain function of the first of
//! a pair changes, so places, exceptions and what has retired stay as they are.

use super::steps::*;
use crate::chain::{Branch, Chain, Step, pair, pair_end};
use crate::op::Op;

/// Kinds of branches.
const BRANCHES: usize = 6;

/// The functions of all pairs that begin with `A`, by the kind of the second.
const fn begins<A: Step>() -> [Option<Chain>; STEPS + BRANCHES] {
    const fn put<A: Step, B: Step>(table: &mut [Option<Chain>; STEPS + BRANCHES]) {
        table[B::KIND as usize] = Some(pair::<A, B>);
    }
    const fn put_end<A: Step, B: Branch>(table: &mut [Option<Chain>; STEPS + BRANCHES]) {
        table[B::KIND as usize] = Some(pair_end::<A, B>);
    }
    let mut table = [None; STEPS + BRANCHES];
    macro_rules! all {
        ($($step:ty)*) => { $(put::<A, $step>(&mut table);)* };
    }
    all! {
        Addi Addiw Andi Slli Srli Add Addw Sub Xor Or And Mul Mulw Constant Load<i8> Load<i16> Load<i32> Load<u8> Load<u16> Load<u32> Load<u64> Store<u8> Store<u16> Store<u32> Store<u64>
    }
    macro_rules! ends {
        ($($branch:ty)*) => { $(put_end::<A, $branch>(&mut table);)* };
    }
    ends! { Beq Bne Blt Bge Bltu Bgeu }
    table
}

/// The functions of all pairs by their kinds.
static PAIRS: [[Option<Chain>; STEPS + BRANCHES]; STEPS] = {
    let mut table = [[None; STEPS + BRANCHES]; STEPS];
    macro_rules! all {
        ($($step:ty)*) => { $(table[<$step as Step>::KIND as usize] = begins::<$step>();)* };
    }
    all! {
        Addi Addiw Andi Slli Srli Add Addw Sub Xor Or And Mul Mulw Constant Load<i8> Load<i16> Load<i32> Load<u8> Load<u16> Load<u32> Load<u64> Store<u8> Store<u16> Store<u32> Store<u64>
    }
    table
};

/// Joins what can be joined among a block's operations; from the end, so that the last goes with a branch.
pub(crate) fn join(ops: &mut [Op]) {
    let mut end = ops.len();
    while let Some(first) = end.checked_sub(2) {
        let (kind, next) = (ops[first].kind as usize, ops[first + 1].kind as usize);
        let joined = PAIRS.get(kind).and_then(|row| row[next]);
        if let Some(chain) = joined {
            ops[first].chain = chain;
        }
        end -= if joined.is_some() { 2 } else { 1 };
    }
}
