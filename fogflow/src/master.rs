//! `fogflow master`.

use service::Running;

use crate::process::Process;

pub(crate) async fn start(process: &mut Process) -> anyhow::Result<Running> {
    let bus = process.bus()?;
    ::master::start(process.node.clone(), process.store.clone(), bus).await
}
