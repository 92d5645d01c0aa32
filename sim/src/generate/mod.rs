//! Host code for hot blocks.
//!
//! The interpreter ([`chain`](rvtile_isa::chain)) spends its time on the way from operation to operation, not on the
//! operations. Here a block that runs often, and those that control goes to from there, become one host function, in which
//! guest registers live in host registers and a guest loop is a loop. What an instruction means stays where it was: host
//! code does the usual case of common scalar instructions itself, and calls the handler of the operation for all else, such as
//! a page that is not in the table of recent ones, a NaN, or an instruction that is not common. An instruction that is not
//! known here costs time, nothing else.
//!
//! Before host code calls or leaves, it writes back all that it has changed, so that exceptions find every register.
//! `docs/adr/0007-generated-code.md` says why it is done this way.

#[cfg(all(target_arch = "x86_64", unix))]
mod emit;
#[cfg(all(target_arch = "x86_64", unix))]
mod float;
#[cfg(all(target_arch = "x86_64", unix))]
mod host;
#[cfg(all(target_arch = "x86_64", unix))]
mod integer;
#[cfg(all(target_arch = "x86_64", unix))]
mod memory;
mod region;

#[cfg(all(target_arch = "x86_64", unix))]
pub(crate) use host::Host;
pub(crate) use region::call_of;

#[cfg(all(target_arch = "x86_64", unix))]
pub use native::Generator;
#[cfg(not(all(target_arch = "x86_64", unix)))]
pub use none::Generator;

#[cfg(all(target_arch = "x86_64", unix))]
mod native {
    use memmap2::Mmap;
    use rvtile_isa::block::Block;
    use rvtile_isa::chain::Code;

    use super::emit;
    use super::host::Host;
    use super::region::Region;

    /// Makes host code, and keeps it.
    pub struct Generator {
        host: Host,
        code: Vec<Mmap>,
    }

    impl Generator {
        /// A generator for this host; `None` when the host lacks something.
        pub fn new() -> Option<Generator> {
            // Handlers of scalar arithmetic use the host's unit under the same condition.
            if !rvtile_isa::float::host::available() {
                return None;
            }
            Some(Generator { host: Host::new()?, code: Vec::new() })
        }

        /// Gives the first block host code that does its work and, where control stays among them, that of the others.
        /// `zca` says whether there are 16-bit instructions, `log` whether accesses are logged. False when there is no
        /// code for them.
        ///
        /// # Safety
        /// The blocks must be forgotten, and not be running, before the generator is dropped or [`Generator::clear`] is called.
        pub unsafe fn generate(&mut self, blocks: &[&Block], zca: bool, log: bool) -> bool {
            let region = Region::new(blocks);
            let code = self.host.compile(|func, builder, isa| emit::function(func, builder, isa, &region, zca, log));
            let Some(code) = code else { return false };
            let start = code.as_ptr();
            self.code.push(code);
            // SAFETY: the function was made with this signature and the host's calling convention.
            let code: Code = unsafe { std::mem::transmute(start) };
            // SAFETY: it does the work of the first block, and the caller forgets the block first.
            unsafe { blocks[0].entry.attach(code) };
            true
        }

        /// Drops all code.
        pub fn clear(&mut self) {
            self.code.clear();
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", unix)))]
mod none {
    use rvtile_isa::block::Block;

    /// There is no code for this host.
    pub enum Generator {}

    impl Generator {
        /// Always `None`.
        pub fn new() -> Option<Generator> {
            None
        }

        /// Never called.
        ///
        /// # Safety
        /// None.
        pub unsafe fn generate(&mut self, _: &[&Block], _: bool, _: bool) -> bool {
            match *self {}
        }

        /// Never called.
        pub fn clear(&mut self) {
            match *self {}
        }
    }
}
