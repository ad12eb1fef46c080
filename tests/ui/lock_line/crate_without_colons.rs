// Of `crate` only a path will do that means the same everywhere.
esrs::schema!(crate = esrs);

fn main() {}
