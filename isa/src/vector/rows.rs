//! Rows of vector arithmetic: the major opcode OP-V has eleven operand forms, named here once.

/// A row of OP-V arithmetic: `op!("vadd.vv", vv 0x00, VInt, semantics)` is name, form and funct6, timing class, semantics.
///
/// Forms: `vv vx vi` (OPIVV, OPIVX, OPIVI) and `vu` (OPIVI with an unsigned immediate), `mvv mvx` (OPMVV, OPMVX),
/// `mac_vv mac_vx` (OPM with the operand order of multiply-add), `fvf` (OPFVF).
macro_rules! op {
    (@vv $f:literal) => {
        ("vd, vs2, vs1 vm", concat!("vm vs2 vs1 vd 31..26=", $f, " 14..12=0 6..0=0x57"))
    };
    (@vx $f:literal) => {
        ("vd, vs2, rs1 vm", concat!("vm vs2 rs1 vd 31..26=", $f, " 14..12=4 6..0=0x57"))
    };
    (@vi $f:literal) => {
        ("vd, vs2, imm vm", concat!("vm vs2 simm5 vd 31..26=", $f, " 14..12=3 6..0=0x57"))
    };
    (@vu $f:literal) => {
        ("vd, vs2, imm vm", concat!("vm vs2 zimm5 vd 31..26=", $f, " 14..12=3 6..0=0x57"))
    };
    (@mvv $f:literal) => {
        ("vd, vs2, vs1 vm", concat!("vm vs2 vs1 vd 31..26=", $f, " 14..12=2 6..0=0x57"))
    };
    (@mvx $f:literal) => {
        ("vd, vs2, rs1 vm", concat!("vm vs2 rs1 vd 31..26=", $f, " 14..12=6 6..0=0x57"))
    };
    (@mac_vv $f:literal) => {
        ("vd, vs1, vs2 vm", concat!("vm vs2 vs1 vd 31..26=", $f, " 14..12=2 6..0=0x57"))
    };
    (@mac_vx $f:literal) => {
        ("vd, rs1, vs2 vm", concat!("vm vs2 rs1 vd 31..26=", $f, " 14..12=6 6..0=0x57"))
    };
    (@fvf $f:literal) => {
        ("vd, vs2, fs1 vm", concat!("vm vs2 rs1 vd 31..26=", $f, " 14..12=5 6..0=0x57"))
    };
    ($name:literal, $form:ident $f:literal, $class:ident, $exec:expr) => {{
    const FORM: (&str, &str) = $crate::vector::rows::op!(@$form $f);
        $crate::row::Row::new($name, FORM.0, FORM.1, $crate::ext::Ext::ZVE32X, $crate::class::Class::$class, $exec)
    }};
}

pub(crate) use op;
