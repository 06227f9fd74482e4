//! The operators *dummy*, *counter* and *anomaly* in one small program for a container without anything else in it.
//!
//! Which one it is says the first argument or the variable `operator`. It listens on `myport`, learns broker, outputs and its
//! own id from `adminCfg` and from `POST /admin`, is fed by `POST /notifyContext`, and publishes with `updateContext`.

mod admin;
mod broker;
mod counter;
mod element;
mod operator;
mod server;

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use operator::Operator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let variable = |name: &str| std::env::var(name).ok();
    let name = std::env::args().nth(1).or_else(|| variable("operator")).unwrap_or_else(|| "dummy".to_owned());
    let operator = Operator::named(&name).with_context(|| format!("there is no operator `{name}`"))?;
    let port: u16 = variable("myport").context("the variable `myport` is missing")?.parse().context("`myport`")?;
    let mut settings = admin::Settings::default();
    settings.apply(&variable("adminCfg").unwrap_or_default()).context("the variable `adminCfg`")?;

    let listener = TcpListener::bind(("0.0.0.0", port)).await.with_context(|| format!("port {port}"))?;
    println!("operator {name} listens on port {port}");
    let app = server::router(Arc::new(server::Task::new(operator, settings)));
    axum::serve(listener, app).with_graceful_shutdown(terminated()).await?;
    Ok(())
}

/// The first process of a container gets no default handling of signals.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}
