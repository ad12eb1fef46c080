//! User code that panics: a typed error, nothing stored, and the next call works.

mod applying;
mod cloning;
mod counter;
mod encoding;
mod faulty;
mod handling;
mod loading;
mod snapshots;
