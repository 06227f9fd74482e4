//! What processes used, from `/proc`.

use std::time::Duration;

use anyhow::Context;

/// Linux counts CPU time for user space in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// CPU time, in user space and in the kernel, that the processes have used so far.
pub(crate) fn used(pids: &[u32]) -> Duration {
    pids.iter().filter_map(|pid| ticks(&pid.to_string())).sum::<u32>() * TICK
}

/// The same of this process.
pub(crate) fn used_by_self() -> Duration {
    ticks("self").unwrap_or_default() * TICK
}

fn ticks(pid: &str) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name, may hold spaces; after it, user and system time are fields 14 and 15 of the whole.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Resident memory of a process, in KiB.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
