//! What a process has used, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// Ticks a second, the same on every Linux that we build for.
const TICKS: u64 = 100;

/// Processor time, of user and system.
pub fn cpu(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // The name may hold spaces; what follows its parenthesis does not.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// A line of `/proc/<id>/status` in KiB, such as `VmRSS`, as MiB.
pub fn memory_mib(id: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
