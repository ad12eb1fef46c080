//! The folder of a database: for as long as nothing in it is made, renamed or removed, each name in it leads
//! to the file that it led to. One look at the folder, by a handle, costs less than one at each name.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use esrs_core::StoreError;

/// An open folder, and when it was changed before the names in it were looked at last.
#[derive(Debug)]
pub(super) struct Folder {
    handle: File,
    /// In nanoseconds since 1970; [`NEVER`] when there was no such look.
    looked_at: AtomicI64,
}

/// No time of a change.
const NEVER: i64 = i64::MIN;

/// The age of a change from which another one surely has a later time. Some file systems count in whole
/// seconds, and the clock of others stands still for milliseconds.
const SETTLED: Duration = Duration::from_secs(3);

impl Folder {
    /// `None` where it may not be read, or the system does not tell when it was changed.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let handle = File::open(path).ok()?;
        let folder = Self { handle, looked_at: AtomicI64::new(NEVER) };
        folder.last_change().is_some().then_some(folder)
    }

    /// Looks at the names in it by `look`, unless nothing was changed in it since they were looked at last.
    /// `look` is told whether its result will be relied on.
    pub(super) fn unless_unchanged(
        &self,
        look: impl FnOnce(bool) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let change = self.last_change();
        if change.is_some_and(|change| change == self.looked_at.load(Ordering::Relaxed)) {
            return Ok(());
        }
        let settled = change.filter(|&change| is_settled(change, SystemTime::now()));
        let looked = look(settled.is_some());
        if looked.is_ok()
            && let Some(change) = settled
        {
            self.looked_at.store(change, Ordering::Relaxed);
        }
        looked
    }

    /// When an entry of it was last made, renamed or removed, in nanoseconds since 1970.
    #[cfg(unix)]
    fn last_change(&self) -> Option<i64> {
        use std::os::unix::fs::MetadataExt;
        let metadata = self.handle.metadata().ok()?;
        metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
    }

    #[cfg(not(unix))]
    fn last_change(&self) -> Option<i64> {
        None
    }
}

/// Returns true if a change at this time is far enough in the past of `now`.
fn is_settled(change: i64, now: SystemTime) -> bool {
    let Ok(now) = now.duration_since(SystemTime::UNIX_EPOCH) else { return false };
    let settled = i128::from(change) + SETTLED.as_nanos().cast_signed();
    now.as_nanos().cast_signed() > settled
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn looks(folder: &Folder) -> Option<bool> {
        let mut told = None;
        folder
            .unless_unchanged(|is_settled| {
                told = Some(is_settled);
                Ok(())
            })
            .unwrap();
        told
    }

    #[test]
    fn only_what_has_settled_is_relied_on_until_the_next_change() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        // It was just made.
        assert_eq!([looks(&folder), looks(&folder)], [Some(false); 2]);
        std::thread::sleep(SETTLED + Duration::from_millis(100));
        assert_eq!([looks(&folder), looks(&folder)], [Some(true), None]);
        let [file, other] = ["a", "b"].map(|name| directory.path().join(name));
        std::fs::write(&file, "").unwrap();
        assert_eq!([looks(&folder), looks(&folder)], [Some(false); 2]);
        std::thread::sleep(SETTLED + Duration::from_millis(100));
        assert_eq!([looks(&folder), looks(&folder)], [Some(true), None]);
        std::fs::rename(&file, &other).unwrap();
        assert_eq!(looks(&folder), Some(false));
    }

    #[test]
    fn a_look_that_failed_is_not_relied_on() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        std::thread::sleep(SETTLED + Duration::from_millis(100));
        folder.unless_unchanged(|_| Err(StoreError::Closed)).unwrap_err();
        assert_eq!([looks(&folder), looks(&folder)], [Some(true), None]);
    }

    #[test]
    fn a_change_of_the_last_seconds_and_one_of_the_future_have_not_settled() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let change = |seconds: i64| is_settled(seconds * 1_000_000_000, now);
        assert_eq!([96, 97, 98, 100, 200].map(change), [true, false, false, false, false]);
        assert!(change(-100));
    }
}
