//! `fogflow worker`.

use service::Running;

use crate::process::Process;

pub(crate) async fn start(process: &mut Process) -> anyhow::Result<Running> {
    let bus = process.bus()?;
    ::worker::start(process.node.clone(), bus, process.store.clone()).await
}
