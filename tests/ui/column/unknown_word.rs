use esrs::prelude::*;

#[derive(Column)]
#[column(json)]
enum Status {
    Pending,
}

fn main() {}
