//! The cores of the machine that the program works on.

use std::io;

/// How many threads do our own work: one core is left to the threads of the database, where there are several.
pub(super) fn workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.saturating_sub(1).max(1)
}

/// Keeps this thread, and all that are started by it and by them from now on, on the core that it is on;
/// returns which that is.
///
/// Each statement goes to a thread of SQLite's and back. To wake a thread on another core, which
/// sleeps meanwhile, costs several times what the statement does.
#[cfg(target_os = "linux")]
pub(super) fn keep_to_one() -> io::Result<Option<usize>> {
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

    let core = sched_getcpu();
    if core >= CpuSet::MAX_CPU {
        return Err(io::Error::other(format!("core {core} is beyond {}", CpuSet::MAX_CPU)));
    }
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores)?;
    Ok(Some(core))
}

/// Elsewhere the system alone decides.
#[cfg(not(target_os = "linux"))]
pub(super) fn keep_to_one() -> io::Result<Option<usize>> {
    Ok(None)
}
