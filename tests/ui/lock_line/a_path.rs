// The line takes no path: where locks are follows from the target.
esrs::schema!("schema");

fn main() {}
