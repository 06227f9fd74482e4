//! `fogflow discovery`.

use service::Running;

use crate::process::Process;

pub(crate) async fn start(process: &mut Process) -> anyhow::Result<Running> {
    ::discovery::start(process.node.clone(), process.store.clone()).await
}
