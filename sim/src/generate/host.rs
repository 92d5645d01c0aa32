//! From Cranelift's functions to host code that can be called.

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use memmap2::{Mmap, MmapMut};

/// Makes host code.
pub(crate) struct Host {
    isa: OwnedTargetIsa,
    context: Context,
    builder: FunctionBuilderContext,
}

impl Host {
    /// For the host that this runs on; `None` when it is none of those that Cranelift knows.
    pub fn new() -> Option<Host> {
        let mut flags = settings::builder();
        // No pass may move arithmetic: a division that the program does not reach must not raise a flag.
        flags.set("opt_level", "none").ok()?;
        flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }).ok()?;
        flags.set("enable_probestack", "false").ok()?;
        let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
        Some(Host { isa, context: Context::new(), builder: FunctionBuilderContext::new() })
    }

    /// The code of the function that `build` builds, which names all that it calls by address.
    pub fn compile(
        &mut self,
        build: impl FnOnce(&mut Function, &mut FunctionBuilderContext, &dyn TargetIsa),
    ) -> Option<Mmap> {
        self.context.clear();
        build(&mut self.context.func, &mut self.builder, &*self.isa);
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
}
