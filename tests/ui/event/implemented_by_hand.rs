use esrs::event::{Emit, PayloadError};
use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
struct AccountOpened {}

impl Emit for AccountOpened {}

impl Event for AccountOpened {
    const NAME: &'static str = "account_opened";
    const VERSION: u32 = 1;
    const ALIASES: &'static [&'static str] = &[];

    fn decode(_: u32, _: &str) -> Result<Self, PayloadError> {
        Ok(Self {})
    }
}

fn main() {}
