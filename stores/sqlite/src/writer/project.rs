//! Giving an append's own events to the inline read models.

use esrs_core::Appended;

use super::{PreparedAppend, Writer};
use crate::error::Fault;

impl Writer {
    /// Gives the events of `append`, which stand where `appended` says, to the inline read models.
    pub(super) fn project(
        &mut self,
        append: &PreparedAppend,
        appended: &Appended,
    ) -> Result<(), Fault> {
        if self.inline.is_empty() {
            return Ok(());
        }
        let mut page = std::mem::take(&mut self.page).into_writer();
        append.batch.write_into(&mut page, &append.details, appended)?;
        self.page = page.finish(true, appended.last_position)?;
        let Self { inline, connection, page, .. } = self;
        inline.iter_mut().try_for_each(|inline| inline.apply(connection, page))
    }
}
