use esrs::prelude::*;

struct AccountSummary {}

impl Projection for AccountSummary {}

fn main() {}
