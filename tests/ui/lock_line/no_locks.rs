// The line promises that there are locks.
esrs::schema!();

fn main() {}
