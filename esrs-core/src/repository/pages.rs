//! Pages that wait to be used again.

use std::sync::Mutex;

use crate::log::Page;

/// Pages that wait to be used again; as many as there were loads at once, up to a bound.
#[derive(Debug, Default)]
pub(super) struct PagePool(Mutex<Vec<Page>>);

impl PagePool {
    const MAX_PAGES: usize = 64;

    pub(super) fn take(&self) -> Page {
        self.0.lock().ok().and_then(|mut pages| pages.pop()).unwrap_or_default()
    }

    pub(super) fn put(&self, page: Page) {
        if let Ok(mut pages) = self.0.lock()
            && pages.len() < Self::MAX_PAGES
        {
            pages.push(page);
        }
    }
}
