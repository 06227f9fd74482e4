//! The chart on a real cluster, as its users meet it. Skipped, saying so, unless `KUBECONFIG` names one.

mod edge;
mod install;
mod lifecycle;
mod operators;
mod scaling;
mod survival;
mod trouble;
