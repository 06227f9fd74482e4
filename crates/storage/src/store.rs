use crate::engine::Engine;
use crate::queue::{Pending, Queue};
use crate::{Batch, StorageError, Table, writer};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// An open store. Clones share it; the last one to go, or [`Store::close`], writes what is queued and
/// releases the directory.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Arc<Engine>,
    queue: Arc<Queue>,
    writer: parking_lot::Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Store {
    /// Opens the store in `dir`, creating it if there is none.
    ///
    /// # Errors
    /// [`StorageError::Locked`] if it is open elsewhere, [`StorageError::Open`] if the directory cannot
    /// be used or what it holds is damaged.
    pub fn open(dir: &Path) -> Result<Self, StorageError> {
        let engine = Arc::new(Engine::open(dir)?);
        let queue = Arc::new(Queue::default());
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let (engine, queue) = (engine.clone(), queue.clone());
                move || writer::run(&engine, &queue)
            })
            .map_err(|source| StorageError::Open { path: dir.into(), source: Arc::new(source) })?;
        Ok(Self { shared: Arc::new(Shared { engine, queue, writer: parking_lot::Mutex::new(Some(writer)) }) })
    }

    /// The named table, created, with one sync, if it does not exist.
    ///
    /// # Errors
    /// [`StorageError::TableName`], [`StorageError::Table`] if it cannot be created, [`StorageError::Closed`].
    pub fn table(&self, name: &str) -> Result<Table, StorageError> {
        let engine = self.shared.engine.clone();
        let id = engine.table(name)?;
        Ok(Table { engine, id, name: name.into() })
    }

    /// Enqueues a batch behind those submitted before. Blocks the thread only while 16 MiB wait for
    /// the disk; where that may happen often, use [`Store::commit`]. Dropping the result cancels nothing.
    pub fn submit(&self, batch: Batch) -> Commit {
        let (pending, commit) = pending(batch);
        if let Some(pending) = pending {
            self.shared.queue.push_blocking(pending);
        }
        commit
    }

    /// Writes a batch: waits for space in the queue, then until it is on disk.
    ///
    /// # Errors
    /// [`StorageError::Write`] with the cause if the batch is not on disk, [`StorageError::Closed`].
    pub async fn commit(&self, batch: Batch) -> Result<(), StorageError> {
        let (pending, commit) = pending(batch);
        if let Some(pending) = pending {
            self.shared.queue.push_async(pending).await;
        }
        commit.await
    }

    /// Writes what is queued and releases the directory, also if clones remain: theirs fail from now on.
    pub fn close(self) {
        self.shared.close();
    }
}

fn pending(batch: Batch) -> (Option<Pending>, Commit) {
    if let Some(error) = batch.refused() {
        return (None, Commit(State::Done(Err(error))));
    }
    if batch.is_empty() {
        return (None, Commit(State::Done(Ok(()))));
    }
    let (done, on_disk) = oneshot::channel();
    let commit = Commit(State::Waiting(on_disk));
    (Some(Pending { batch, done }), commit)
}

impl Shared {
    fn close(&self) {
        self.queue.close();
        if let Some(writer) = self.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// Resolves when the submitted batch is on disk.
#[must_use = "nothing may be acknowledged before the batch is on disk"]
pub struct Commit(State);

enum State {
    Waiting(oneshot::Receiver<Result<(), StorageError>>),
    Done(Result<(), StorageError>),
}

impl Future for Commit {
    type Output = Result<(), StorageError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Done(written) => Poll::Ready(written.clone()),
            State::Waiting(on_disk) => {
                Pin::new(on_disk).poll(context).map(|written| written.unwrap_or(Err(StorageError::Closed)))
            }
        }
    }
}
