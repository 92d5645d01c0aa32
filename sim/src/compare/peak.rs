//! The most that a multiply instruction allows on a machine, worked out from the occupancy formula of its class.

use rvtile_isa::class::Class;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::matrix::geometry::{Geometry, tile_edge};
use rvtile_isa::matrix::spacemit_ime;
use rvtile_kernels::Multiply;

use crate::machine::{Inputs, Machine, Payload, Shape, Unit};

/// What one multiply instruction does at the full length of its operands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Multiplications, each with its addition.
    pub macs: u64,
    /// Cycles that it keeps its unit.
    pub cycles: u32,
    /// Units that can do it.
    pub units: u32,
    /// Bytes of tiles that it adds to.
    pub tile_bytes: u64,
}

impl Peak {
    /// Of `multiply` with the extensions `isa`.
    ///
    /// # Errors
    /// When there is no such instruction, or it multiplies nothing.
    pub fn of(multiply: Multiply, isa: Ext, machine: &Machine) -> Result<Peak, String> {
        let decoder = Decoder::for_isa(isa).map_err(|clash| clash.to_string())?;
        let row = decoder
            .rows()
            .iter()
            .find(|row| row.name == multiply.name)
            .ok_or_else(|| format!("no instruction `{}`", multiply.name))?;
        let Multiply { name, sew, lmul } = multiply;
        let vlen = machine.vector.vlen;
        let lanes = lmul * vlen / sew;
        let extent = |vl, tm, tk, macs| (vl, tm, tk, macs, 0);
        let (vl, tm, tk, macs, tile_bytes) = match row.class {
            Class::VMac | Class::VWidenMac | Class::VFma | Class::VFpWidenMac => extent(lanes, 0, 0, lanes),
            // Each element of B meets all rows of A.
            Class::VMatrixInt | Class::VMatrixFp => extent(lanes, 0, 0, lanes * rows_of_block(name)?),
            Class::VMatrixFixed => {
                let (n, k) = spacemit_ime::geometry(vlen);
                extent(lanes, 0, 0, n * n * k)
            }
            Class::MInt | Class::MFp => {
                let te = tile_edge(vlen, isa);
                let geometry = Geometry { te, vlen, sew, widening: (32 / sew).max(1) };
                let (edge, depth) = (geometry.most(), geometry.kmax());
                (edge, edge, depth, edge * edge * depth, u64::from(16 * te * te))
            }
            _ => return Err(format!("`{name}` is no multiply")),
        };
        let class = machine.class(row.class);
        let shape = Shape {
            vlen,
            dlen: machine.vector.dlen,
            sew,
            eew: sew,
            lmul_eighths: 8 * lmul,
            nf: 1,
            vl,
            work: vl,
            tm,
            tk,
            payload: Payload::default(),
        };
        let units = if class.unit == Unit::Arithmetic { machine.vector.arithmetic_sequencers } else { 1 };
        let cycles = class.occupancy.cycles(&Inputs::new(&shape)).max(1);
        Ok(Peak { macs: macs.into(), cycles, units, tile_bytes })
    }

    /// MAC a cycle.
    pub fn rate(&self) -> f64 {
        self.macs as f64 * f64::from(self.units) / f64::from(self.cycles)
    }
}

/// R of a mnemonic that ends in its geometry, `.RxKxR`.
fn rows_of_block(name: &str) -> Result<u32, String> {
    let geometry = name.rsplit('.').next().unwrap_or_default();
    let rows = geometry.split('x').next().and_then(|rows| rows.parse().ok());
    rows.ok_or_else(|| format!("`{name}` does not name its geometry"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvtile_isa::profile::Profile;

    fn peak(machine: &str, profile: &str, name: &'static str, sew: u32, lmul: u32) -> (u64, u32, u32, f64) {
        let machine = Machine::load(machine, &[]).unwrap();
        let isa = Profile::by_name(profile).unwrap().isa();
        let peak = Peak::of(Multiply { name, sew, lmul }, isa, &machine).unwrap();
        (peak.macs, peak.cycles, peak.units, peak.rate())
    }

    #[test]
    fn the_arithmetic_of_the_documentation() {
        assert_eq!(peak("x280", "standard", "vwmacc.vx", 16, 2), (64, 4, 1, 16.0));
        assert_eq!(peak("x280", "standard", "vfmacc.vf", 32, 4), (64, 8, 1, 8.0));
        assert_eq!(peak("x280", "standard", "vfwmaccbf16.vf", 16, 2), (64, 4, 1, 16.0));
        assert_eq!(peak("x280", "sifive", "sf.vqmacc.2x8x2", 8, 1), (128, 2, 1, 64.0));
        assert_eq!(peak("x280", "sifive", "sf.vqmacc.4x8x4", 8, 1), (256, 2, 1, 128.0));
        assert_eq!(peak("x280", "sifive", "sf.vfwmacc.4x4x4", 16, 1), (128, 2, 1, 64.0));
        assert_eq!(peak("x280", "spacemit", "smt.vmadot", 8, 1), (256, 2, 1, 128.0));
        assert_eq!(peak("x280", "sifive", "sf.mm.s.s", 8, 1), (16384, 32, 1, 512.0));
        assert_eq!(peak("x280", "zvt", "vtmms.tvv", 8, 1), (16384, 32, 1, 512.0));
        assert_eq!(peak("x280", "sifive", "sf.mm.f.f", 16, 2), (8192, 32, 1, 256.0));
    }

    #[test]
    fn two_sequencers_count_where_both_can() {
        assert_eq!(peak("x390", "standard", "vwmacc.vx", 16, 2), (128, 4, 2, 64.0));
        assert_eq!(peak("x390", "sifive", "sf.vqmacc.4x8x4", 8, 1), (512, 2, 1, 256.0));
    }

    #[test]
    fn what_is_no_multiply_is_refused() {
        let machine = Machine::load("x280", &[]).unwrap();
        let error = |name| Peak::of(Multiply { name, sew: 8, lmul: 1 }, Ext::everything(), &machine).unwrap_err();
        assert!(error("vadd.vv").contains("no multiply") && error("sf.mm.s.s").contains("no instruction"));
    }
}
