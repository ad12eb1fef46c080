//! Functions that the counters call, in a file that is not theirs.

pub(crate) fn once(by: i64) -> i64 {
    by
}

pub(crate) fn twice(by: i64) -> i64 {
    by * 2
}
