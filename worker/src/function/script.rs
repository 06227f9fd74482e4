//! One function in its own JavaScript runtime, with bounds on memory, time and stack.
//!
//! Calls are synchronous and leave [`Effect`]s; a runtime moves between threads, one call at a time.

use std::sync::Arc;

use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::{QueryContextRequest, SubscribeContextRequest};
use rquickjs::context::EvalOptions;
use rquickjs::function::IntoArgs;
use rquickjs::promise::PromiseState;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, FromJs, Function, Object, Runtime, Value};
use serde::Deserialize;

use super::error::{Place, Thrown};
use super::{Deadline, Limits, ScriptError};
use crate::logs::TaskLog;

const PRELUDE: &str = include_str!("prelude.js");
const FILE: &str = "function.js";

/// What a call asks of the world.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub enum Effect {
    /// Update an entity; id and type are empty when the function leaves them to its task.
    Publish(ContextElement),
    /// Query, and come back with [`Script::answer`].
    Query {
        /// What to come back with.
        id: u32,
        /// The query.
        request: QueryContextRequest,
    },
    /// Subscribe the function to more entities.
    Subscribe(SubscribeContextRequest),
    /// Come back with [`Script::fire`].
    Timer {
        /// What to come back with.
        id: u32,
        /// After so many milliseconds.
        after_ms: f64,
    },
}

/// A loaded function.
pub struct Script {
    context: Context,
    deadline: Arc<Deadline>,
    limits: Limits,
}

impl Script {
    /// Loads the code.
    ///
    /// # Errors
    /// When the code does not load within its limits or defines no handler.
    pub fn load(code: &str, limits: Limits, log: TaskLog) -> Result<Self, ScriptError> {
        let engine = |error: rquickjs::Error| ScriptError::Load(error.to_string().into());
        let runtime = Runtime::new().map_err(engine)?;
        runtime.set_memory_limit(limits.memory_bytes);
        runtime.set_max_stack_size(limits.stack_bytes);
        let deadline = Arc::new(Deadline::default());
        let watch = deadline.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || watch.has_passed())));
        let context = Context::full(&runtime).map_err(engine)?;
        let script = Self { context, deadline, limits };
        script.guarded(|ctx| install_prelude(ctx, log))?;
        let loaded = script.guarded(|ctx| {
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(FILE.to_owned());
            script.finish(ctx, &ctx.eval_with_options(code, options)?)
        });
        loaded.map_err(|error| match error {
            ScriptError::Thrown(reason) => ScriptError::Load(reason),
            other => other,
        })?;
        let ready: bool = script.guarded(|ctx| call(ctx, "ready", ()))?;
        if ready { Ok(script) } else { Err(ScriptError::NoHandler) }
    }

    /// The effects left by loading the code.
    ///
    /// # Errors
    /// As [`Script::notify`].
    pub fn start(&self) -> Result<Vec<Effect>, ScriptError> {
        self.effects()
    }

    /// Tells what the handler gets as `task`: the id, and the outputs as a JSON list of `{ id, type }`.
    ///
    /// # Errors
    /// As [`Script::notify`].
    pub fn introduce(&self, task: &str, outputs: &str) -> Result<(), ScriptError> {
        self.guarded(|ctx| call(ctx, "introduce", (task, outputs)))
    }

    /// Calls the handler with an entity, a context element as JSON.
    ///
    /// # Errors
    /// When the handler throws or exceeds its limits; the effects it left are dropped.
    pub fn notify(&self, element: &str) -> Result<Vec<Effect>, ScriptError> {
        self.invoke("notify", (element,))
    }

    /// Brings the answer of a query: entities as a JSON list of context elements, or why there are none.
    ///
    /// # Errors
    /// As [`Script::notify`].
    pub fn answer(&self, id: u32, answer: Result<&str, &str>) -> Result<Vec<Effect>, ScriptError> {
        match answer {
            Ok(elements) => self.invoke("answer", (id, elements)),
            Err(reason) => self.invoke("fail", (id, reason)),
        }
    }

    /// Lets a timer fire.
    ///
    /// # Errors
    /// As [`Script::notify`].
    pub fn fire(&self, id: u32) -> Result<Vec<Effect>, ScriptError> {
        self.invoke("fire", (id,))
    }

    fn invoke<A: for<'js> IntoArgs<'js>>(&self, method: &str, args: A) -> Result<Vec<Effect>, ScriptError> {
        let outcome = self.guarded(|ctx| self.finish(ctx, &call(ctx, method, args)?)).and_then(|()| self.effects());
        if outcome.is_err() {
            self.guarded(|ctx| call::<()>(ctx, "forget", ()))?;
        }
        outcome
    }

    /// Runs what an asynchronous handler left to do, as far as it gets without an answer from outside.
    fn finish<'js>(&self, ctx: &Ctx<'js>, result: &Value<'js>) -> rquickjs::Result<()> {
        while ctx.execute_pending_job() {
            if self.deadline.has_passed() {
                return Err(rquickjs::Error::Unknown);
            }
        }
        match result.as_promise() {
            Some(promise) if promise.state() == PromiseState::Rejected => {
                promise.result::<Value<'js>>().map_or(Ok(()), |rejection| rejection.map(drop))
            }
            _ => Ok(()),
        }
    }

    fn effects(&self) -> Result<Vec<Effect>, ScriptError> {
        let count: usize = self.guarded(|ctx| call(ctx, "count", ()))?;
        if count == 0 {
            return Ok(Vec::new());
        }
        if count > self.limits.effects {
            return Err(ScriptError::Effects(count, self.limits.effects));
        }
        let effects: String = self.guarded(|ctx| call(ctx, "drain", ()))?;
        ngsi::json::parse(effects.as_bytes()).map_err(|error| ScriptError::Effect(error.to_string()))
    }

    fn guarded<T>(&self, work: impl FnOnce(&Ctx<'_>) -> rquickjs::Result<T>) -> Result<T, ScriptError> {
        self.deadline.set(self.limits.time);
        self.context.with(|ctx| work(&ctx).catch(&ctx).map_err(|error| self.explain(error)))
    }

    fn explain(&self, error: CaughtError<'_>) -> ScriptError {
        if self.deadline.has_passed() {
            return ScriptError::Time(self.limits.time.as_millis());
        }
        let thrown = match error {
            CaughtError::Exception(exception) => {
                let name = exception.as_object().get::<_, String>("name").unwrap_or_default();
                let message = format!("{name}: {}", exception.message().unwrap_or_default());
                Thrown { message, place: exception.stack().and_then(|stack| Place::in_stack(&stack, FILE)) }
            }
            CaughtError::Value(value) => format!("thrown: {}", describe(&value)).into(),
            CaughtError::Error(error) => error.to_string().into(),
        };
        if thrown.message.contains("out of memory") {
            return ScriptError::Memory(self.limits.memory_bytes / (1024 * 1024));
        }
        ScriptError::Thrown(thrown)
    }
}

fn install_prelude(ctx: &Ctx<'_>, log: TaskLog) -> rquickjs::Result<()> {
    let write = Function::new(ctx.clone(), move |level: String, text: String| log.write(&level, &text))?;
    let install: Function<'_> = ctx.eval(PRELUDE)?;
    install.call((write, ctx.globals()))
}

fn call<'js, R: FromJs<'js>>(ctx: &Ctx<'js>, method: &str, args: impl IntoArgs<'js>) -> rquickjs::Result<R> {
    let bridge: Object<'js> = ctx.globals().get("__fogflow")?;
    bridge.get::<_, Function<'js>>(method)?.call(args)
}

fn describe(value: &Value<'_>) -> String {
    let text = value.ctx().json_stringify(value.clone()).ok().flatten();
    text.and_then(|text| text.to_string().ok()).unwrap_or_else(|| value.type_name().to_owned())
}
