use esrs::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Schema, Serialize, Deserialize)]
pub struct Amount {
    pub cents: i64,
    pub currency: Currency,
}

#[derive(Schema, Serialize, Deserialize)]
pub enum Currency {
    Eur,
    Usd,
}
