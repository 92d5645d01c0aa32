//! The `rvtile` program.

fn main() -> std::process::ExitCode {
    rvtile_sim::cli::main()
}
