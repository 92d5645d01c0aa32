//! What a reference does not have or does wrong. Each entry has its section in `docs/reference-differences.md`.

use rvtile_isa::class::Class;
use rvtile_isa::ext::Ext;
use rvtile_isa::row::{Mem, Props, Row};

/// A reference simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    Spike,
    Qemu,
}

/// Extensions that QEMU 7.2 has.
const QEMU: &[Ext] = &[
    Ext::I,
    Ext::M,
    Ext::A,
    Ext::F,
    Ext::D,
    Ext::ZCA,
    Ext::ZCD,
    Ext::ZICSR,
    Ext::ZIFENCEI,
    Ext::ZBA,
    Ext::ZBB,
    Ext::ZBC,
    Ext::ZBS,
    Ext::ZBKB,
    Ext::ZFHMIN,
    Ext::ZFH,
    Ext::ZVE32X,
    Ext::ZVE32F,
    Ext::ZVE64X,
    Ext::ZVE64F,
    Ext::ZVE64D,
];

/// Rows that no reference runs inside a random program, and why.
pub const NOWHERE: &[(&str, &str)] = &[
    ("ecall", "leaves the program: the environment tests cover it"),
    ("ebreak", "leaves the program: the environment tests cover it"),
    ("c.ebreak", "leaves the program: the environment tests cover it"),
    ("mret", "changes privilege: the privileged tests cover it"),
    ("sret", "changes privilege: the privileged tests cover it"),
    ("wfi", "waits for an interrupt that never comes"),
    ("sfence.vma", "changes nothing without translation: the privileged tests cover it"),
    ("sinval.vma", "changes nothing without translation: the privileged tests cover it"),
    ("sfence.w.inval", "changes nothing without translation: the privileged tests cover it"),
    ("sfence.inval.ir", "changes nothing without translation: the privileged tests cover it"),
];

/// Whether a row may appear in programs for this reference; with `agnostic_ones` QEMU fills agnostic elements.
pub fn runs(reference: Reference, row: &Row, agnostic_ones: bool) -> bool {
    if NOWHERE.iter().any(|(name, _)| *name == row.name) {
        return false;
    }
    match reference {
        Reference::Spike => true,
        Reference::Qemu => {
            QEMU.iter().any(|ext| row.ext.intersects(*ext))
                // QEMU 7.2 aborts while translating them.
                && !(row.props.contains(Props::VECTOR) && row.name.contains(".rtz."))
                // QEMU 7.2 counts from the upper half when the lower is zero.
                && row.name != "ctzw"
                && !(agnostic_ones && KEEPS_AGNOSTIC.contains(&row.name))
        }
    }
}

/// Rows whose agnostic elements QEMU leaves as they are though it is told to fill them, which it may.
const KEEPS_AGNOSTIC: &[&str] = &["vmv.s.x", "vfmv.s.f", "vslidedown.vx", "vslidedown.vi"];

/// Whether the reference runs this row with a vstart that is not zero as the specification says.
pub fn resumes(reference: Reference, row: &Row) -> bool {
    match reference {
        // Spike raises an exception for arithmetic, which the specification permits.
        Reference::Spike => row.mem != Mem::None,
        // QEMU 7.2 leaves vstart as it is.
        Reference::Qemu => {
            !row.name.starts_with("vslideup") && !matches!(row.class, Class::VToScalar | Class::VFromScalar)
        }
    }
}

/// Whether the reference passes the scalar of an unordered sum through unchanged when no element is active. Spike makes
/// a NaN canonical and raises its flag; the specification permits both.
pub fn passes_scalar(reference: Reference, row: &Row) -> bool {
    reference == Reference::Qemu || !row.name.contains("redusum") || !row.props.contains(Props::FLOAT)
}

/// Whether the reference keeps to the two bits of vxrm when it is written. QEMU 7.2 keeps all that is written.
pub fn masks_vxrm(reference: Reference) -> bool {
    reference == Reference::Spike
}

/// The reference's command-line part that names the machine. Spike gets those of the cryptographic extensions that
/// `rows` have: what is no instruction here must be none there.
pub fn machine(reference: Reference, vlen: u32, agnostic_ones: bool, rows: &[&Row]) -> String {
    match reference {
        Reference::Spike => {
            let mut isa = format!(
                "rv64gcv_zvl{vlen}b_zfh_zvfh_zfa_zfbfmin_zvfbfmin_zvfbfwma_zba_zbb_zbc_zbs_zbkb_zicond_zimop_zcmop_zcb_\
                 zawrs_zicbom_zicbop_zicboz_zicclsm_zicntr_zihpm_zihintpause_zihintntl"
            );
            for name in ["zvbb", "zvbc", "zvkg", "zvkned", "zvknhb", "zvksed", "zvksh"] {
                if Ext::by_name(name).is_some_and(|ext| rows.iter().any(|row| row.ext.intersects(ext))) {
                    isa = isa + "_" + name;
                }
            }
            isa
        }
        Reference::Qemu => format!(
            "rv64,v=true,vext_spec=v1.0,vlen={vlen},elen=64,Zfh=true,zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,\
             rvv_ta_all_1s={agnostic_ones},rvv_ma_all_1s={agnostic_ones}"
        ),
    }
}
