//! A binary without a prelude, whose events hold what only their owner knows.
#![no_implicit_prelude]
#![deny(warnings, missing_docs, unused_qualifications)]

::esrs::schema!();

use ::esrs::{Event, Schema};
use ::serde::{Deserialize, Serialize};
use ::std::prelude::rust_2024::derive;

#[derive(Schema, Serialize, Deserialize)]
#[schema(opaque = "point@1")]
struct Point(i8, i8);

#[derive(Serialize, Deserialize)]
struct Means {
    by: ::std::string::String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("visited")]
struct Visited {
    at: Point,
    times: u8,
    #[serde(flatten)]
    #[schema(opaque = "means@1")]
    means: Means,
}

fn main() {
    let visited = Visited { at: Point(1, 2), times: 1, means: Means { by: ::std::string::String::new() } };
    ::std::println!("{} {} {} {}", visited.means.by, visited.at.0, visited.at.1, visited.times);
}
