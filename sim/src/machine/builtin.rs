//! The machine files that the program carries in itself.

const FILES: &[(&str, &str)] = &[
    ("x280", include_str!("../../machines/x280.toml")),
    ("x280-blackhole", include_str!("../../machines/x280-blackhole.toml")),
    ("x280-mca19", include_str!("../../machines/x280-mca19.toml")),
    ("x280-mca22", include_str!("../../machines/x280-mca22.toml")),
    ("x390", include_str!("../../machines/x390.toml")),
    ("x390-mca22", include_str!("../../machines/x390-mca22.toml")),
    ("saturn-256", include_str!("../../machines/saturn-256.toml")),
    ("ax45mpv", include_str!("../../machines/ax45mpv.toml")),
    ("x60", include_str!("../../machines/x60.toml")),
];

/// Their names, the default machine first.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The text of a built-in machine; empty for a name that is none.
pub(super) fn text(name: &str) -> &'static str {
    FILES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}
