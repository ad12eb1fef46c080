//! The code of a derive is compiled with a core of another version.

mod elsewhere {
    pub mod __private {
        pub use esrs::__private::*;

        #[track_caller]
        pub const fn generated_by(_: &str) {
            esrs::__private::generated_by("0.0.9")
        }
    }
}

use serde::{Deserialize, Serialize};

#[derive(esrs::Schema, Serialize, Deserialize)]
#[schema(crate = crate::elsewhere)]
struct Place {
    row: u8,
}

#[derive(esrs::Column)]
#[column(crate = crate::elsewhere)]
enum Side {
    Left,
    Right,
}

fn main() {}
