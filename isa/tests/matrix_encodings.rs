//! Every published encoding of a matrix extension: `data/matrix-encodings.csv` lists them with the source of each.

use rvtile_isa::decode::{self, Decoder};
use rvtile_isa::ext::Ext;
use rvtile_isa::matrix::{FAMILIES, unbuilt};
use rvtile_isa::profile::{PROFILES, Profile};

const TABLE: &str = include_str!("data/matrix-encodings.csv");

/// One line of the table.
struct Line {
    extension: String,
    mnemonic: String,
    assembly: String,
    word: u32,
}

/// The fields of a line; a field in quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn lines() -> Vec<Line> {
    let line = |line: &str| {
        let fields = fields(line);
        let [extension, mnemonic, assembly, word] = [0, 1, 2, 3].map(|i| fields[i].clone());
        Line { extension, mnemonic, assembly, word: u32::from_str_radix(&word, 16).unwrap() }
    };
    TABLE.lines().skip(1).map(line).collect()
}

/// The profile that has an extension of the table.
fn profile(extension: &str) -> Option<&'static Profile> {
    let name = match extension {
        "Xsfvcp" | "Xsfvqmaccdod" | "Xsfvqmaccqoq" | "Xsfvfwmaccqqq" | "Xsfvfnrclipxfqf" | "XSfmm" | "XSfvfexp"
        | "XSfvfexpa" => "sifive",
        "Zvt" => "zvt",
        "XSMTVDot" => "spacemit",
        _ => return None,
    };
    Profile::by_name(name)
}

/// Assembly with numbers in decimal and one space between operands, so that styles compare.
fn plain(text: &str) -> String {
    let words = text.split_inclusive([',', ' ', '(', ')']).map(|word| {
        let end = word.trim_end_matches([',', ' ', '(', ')']).len();
        let number = word[..end].strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.map_or(word.to_string(), |number| format!("{number}{}", &word[end..]))
    });
    words.collect::<String>().replace(", ", ",").replace(',', ", ")
}

#[test]
fn words_of_built_families_decode_to_their_text() {
    let decoders = PROFILES.iter().map(|profile| (profile.name, Decoder::for_profile(profile))).collect::<Vec<_>>();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for line in lines() {
        let Some(profile) = profile(&line.extension) else { continue };
        let (_, decoder) = decoders.iter().find(|(name, _)| *name == profile.name).unwrap();
        tried += 1;
        match decoder.decode(line.word) {
            Ok(inst) if inst.row.name == line.mnemonic && plain(&inst.text(0)) == plain(&line.assembly) => {}
            Ok(inst) => wrong.push(format!("{:08x}: `{}` instead of `{}`", line.word, inst.text(0), line.assembly)),
            Err(why) => wrong.push(format!("{:08x}: {why} instead of `{}`", line.word, line.assembly)),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(tried, 206);
}

#[test]
fn other_words_are_named_as_not_built() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for line in lines().iter().filter(|line| profile(&line.extension).is_none()) {
        // One spelling of an instruction that is built.
        if line.word == 0xe210_382b {
            continue;
        }
        tried += 1;
        let named = unbuilt::find(line.word).iter().any(|known| known.name == line.mnemonic);
        let explained = decode::explain(line.word);
        if !named || !explained.contains(&format!("`{}`", line.mnemonic)) || !explained.contains("not built yet") {
            wrong.push(format!("{:08x} {} of {}: {explained}", line.word, line.mnemonic, line.extension));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(tried, 394);
}

#[test]
fn explanations_name_the_profile_that_would_help() {
    assert_eq!(decode::explain(0xf742_245b), "with --profile sifive it is `sf.vqmacc.4x8x4 v8,v4,v20` (Xsfvqmaccqoq)");
    assert!(decode::explain(0xe210_382b).starts_with("with --profile spacemit it is `smt.vmadot v16,v0,v1`"));
    let both = decode::explain(0xf284_8077);
    assert!(both.contains("--profile sifive") && both.contains("--profile zvt"), "{both}");
    assert_eq!(decode::explain(0x0000_007b), "it lies in the space custom-3");
}

#[test]
fn families_that_share_words_clash_by_name() {
    let both = Ext::everything() | Ext::XSFMMBASE | Ext::ZVTBASE;
    let Err(clash) = Decoder::for_isa(both) else { panic!("XSfmm and Zvt go together") };
    let text = clash.to_string();
    assert!(text.contains("`sf.vlte8` (Xsfmmbase)") && text.contains("`vtle8` (Zvt8e)"), "{text}");
    let (isa, _) = Ext::parse("rv64gcv_xsfvqmaccqoq_xsmtvdot").unwrap();
    assert!(Decoder::for_isa(isa).is_ok_and(|decoder| decoder.decode(0xe210_382b).is_ok()));
}

#[test]
fn every_family_is_in_a_profile_and_standard_has_none() {
    for family in FAMILIES {
        assert!(PROFILES.iter().any(|profile| profile.adds.intersects(family.ext)), "{}", family.ext.describe());
    }
    assert!(!Ext::everything().intersects(Ext::MATRIX));
    assert!(Decoder::standard().decode(0xf742_245b).is_err());
    assert_eq!(Profile::by_name("none"), None);
}
