//! The command line: one file per subcommand.

#[cfg_attr(not(test), expect(dead_code, reason = "waits for the command line to call it"))]
mod config;
