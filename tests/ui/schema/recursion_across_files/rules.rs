use super::Condition;
use esrs::prelude::*;
use std::collections::BTreeMap;

#[derive(Schema, Serialize, Deserialize)]
pub struct Rules {
    named: BTreeMap<String, Condition>,
}
