use esrs::prelude::*;

#[derive(Column)]
enum Status {}

fn main() {}
