//! `fogflow broker`.

use service::Running;

use crate::process::Process;

pub(crate) async fn start(process: &mut Process) -> anyhow::Result<Running> {
    ::broker::start(process.node.clone(), process.store.clone()).await
}
