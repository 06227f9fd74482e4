//! Pages of lists.

/// Which of all that was found is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// Whether it is said how many there are on all pages.
    pub(super) counts: bool,
}

impl Page {
    /// How many there are up to the end of the page.
    pub(super) fn end(self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    /// Leaves the page of all that stand in order.
    pub(super) fn cut<T>(self, all: &mut Vec<T>) {
        all.truncate(self.end());
        all.drain(..self.offset.min(all.len()));
    }
}
