//! Tasks as pods of a Kubernetes cluster.
//!
//! A task instance is a Deployment of one pod, a Service, and a ConfigMap when it has function code. A Deployment rather than a pod of
//! the worker's own: Kubernetes then restarts a container and replaces a pod of a drained or dead node while the worker
//! is away, and the worker only has to notice. The Deployment is owned by the worker's StatefulSet, Service and ConfigMap by
//! the Deployment, so that nothing is left when either goes.
//!
//! The pods of one StatefulSet are a pool. Objects are named after pool and instance, not after the worker: when a master moves an
//! instance from a lost worker to another one of the pool, the other takes over the running pod instead of starting a second one.
//!
//! The worker needs nothing but a Role in the namespace of its tasks, and to read its own StatefulSet.

mod api;
mod claim;
mod diagnosis;
mod engine;
mod logs;
mod names;
mod objects;
mod parameters;
mod pool;
mod settings;
mod state;
#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests;
mod view;
mod watch;

pub(crate) use engine::KubernetesEngine;
