//! Where host code finds the parts of a [`Hart`] that it works on: offsets in bytes.

use std::mem::offset_of;

use super::{Hart, Log, tlb};
use crate::chain::Trail;

/// `Hart::pc`.
pub const PC: usize = offset_of!(Hart, pc);
/// `Hart::x`.
pub const X: usize = offset_of!(Hart, x);
/// `Hart::f`.
pub const F: usize = offset_of!(Hart, f);
/// Instructions that may still be executed, signed.
pub const BUDGET: usize = offset_of!(Hart, trail) + offset_of!(Trail, budget);
/// The entry of the block that runs.
pub const ENTRY: usize = offset_of!(Hart, trail) + offset_of!(Trail, entry);
/// Address of the words of the access log.
pub const LOG_START: usize = offset_of!(Hart, log) + offset_of!(Log, start);
/// Address at which the next word is written.
pub const LOG_CURSOR: usize = offset_of!(Hart, log) + offset_of!(Log, cursor);
/// Address at which the next [`Entered`](super::Entered) is written.
pub const LOG_BLOCKS: usize = offset_of!(Hart, log) + offset_of!(Log, blocks_cursor);
/// Recent pages for loads, see [`PAGE_ENTRIES`].
pub const LOADS: usize = offset_of!(Hart, tlb) + offset_of!(tlb::Tlb, loads);
/// The same for stores.
pub const STORES: usize = offset_of!(Hart, tlb) + offset_of!(tlb::Tlb, stores);
/// Entries of a table of recent pages. That of a page is its number modulo this. An access may use it if its address
/// without the bits that it may have inside the page, its alignment's not among them, is the tag.
pub const PAGE_ENTRIES: usize = tlb::ENTRIES;
/// Bytes of such an entry.
pub const PAGE_ENTRY: usize = size_of::<tlb::Entry>();
/// The tag in it.
pub const TAG: usize = offset_of!(tlb::Entry, tag);
/// What it adds to a guest address to give the host's.
pub const ADDEND: usize = offset_of!(tlb::Entry, addend);
