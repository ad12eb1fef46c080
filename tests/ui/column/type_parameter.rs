use esrs::prelude::*;

#[derive(Column)]
struct Changed<T>(T);

fn main() {}
