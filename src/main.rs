//! The program: parse the arguments, run, leave with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    switchboard::cli::main()
}
