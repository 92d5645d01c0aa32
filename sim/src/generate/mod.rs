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
mod integer;
#[cfg(all(target_arch = "x86_64", unix))]
mod memory;
mod region;

pub(crate) use region::call_of;

#[cfg(all(target_arch = "x86_64", unix))]
pub use native::Generator;
#[cfg(not(all(target_arch = "x86_64", unix)))]
pub use none::Generator;

#[cfg(all(target_arch = "x86_64", unix))]
mod native {
    use cranelift_codegen::Context;
    use cranelift_codegen::control::ControlPlane;
    use cranelift_codegen::isa::OwnedTargetIsa;
    use cranelift_codegen::settings::{self, Configurable};
    use cranelift_frontend::FunctionBuilderContext;
    use memmap2::{Mmap, MmapMut};
    use rvtile_isa::block::Block;
    use rvtile_isa::chain::Code;

    use super::emit;
    use super::region::Region;

    /// Makes host code, and keeps it.
    pub struct Generator {
        isa: OwnedTargetIsa,
        context: Context,
        builder: FunctionBuilderContext,
        code: Vec<Mmap>,
    }

    impl Generator {
        /// A generator for this host; `None` when the host lacks something.
        pub fn new() -> Option<Generator> {
            // Handlers of scalar arithmetic use the host's unit under the same condition.
            if !rvtile_isa::float::host::available() {
                return None;
            }
            let mut flags = settings::builder();
            // No pass may move arithmetic: a division that the program does not reach must not raise a flag.
            flags.set("opt_level", "none").ok()?;
            flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }).ok()?;
            flags.set("enable_probestack", "false").ok()?;
            let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
            let (context, builder) = (Context::new(), FunctionBuilderContext::new());
            Some(Generator { isa, context, builder, code: Vec::new() })
        }

        /// Gives the first block host code that does its work and, where control stays among them, that of the others.
        /// `zca` says whether there are 16-bit instructions, `log` whether accesses are logged. False when there is no
        /// code for them.
        ///
        /// # Safety
        /// The blocks must be forgotten, and not be running, before the generator is dropped or [`Generator::clear`] is called.
        pub unsafe fn generate(&mut self, blocks: &[&Block], zca: bool, log: bool) -> bool {
            let Some(code) = self.compile(&Region::new(blocks), zca, log) else { return false };
            let start = code.as_ptr();
            self.code.push(code);
            // SAFETY: the function was made with this signature and the host's calling convention.
            let code: Code = unsafe { std::mem::transmute(start) };
            // SAFETY: it does the work of the first block, and the caller forgets the block first.
            unsafe { blocks[0].entry.attach(code) };
            true
        }

        fn compile(&mut self, region: &Region<'_>, zca: bool, log: bool) -> Option<Mmap> {
            self.context.clear();
            emit::function(&mut self.context.func, &mut self.builder, &*self.isa, region, zca, log);
            let compiled = self.context.compile(&*self.isa, &mut ControlPlane::default()).ok()?;
            // All calls are by address: nothing is left to be resolved.
            if !compiled.buffer.relocs().is_empty() {
                return None;
            }
            let bytes = compiled.code_buffer();
            let mut memory = MmapMut::map_anon(bytes.len()).ok()?;
            memory[..bytes.len()].copy_from_slice(bytes);
            memory.make_exec().ok()
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
