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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    /// All of it.
    pub(crate) whole: u64,
    /// Its own data; the rest is program text, mapped from files and shared by processes of the same program.
    pub(crate) own: u64,
}

/// Reads the resident memory of a process.
pub(crate) fn resident(pid: u32) -> anyhow::Result<Resident> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = |name: &str| -> anyhow::Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let line = line.with_context(|| format!("no {name} in /proc"))?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    };
    Ok(Resident { whole: kib("VmRSS:")?, own: kib("RssAnon:")? })
}
