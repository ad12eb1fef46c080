use esrs::prelude::*;

#[derive(Clone, Schema, Serialize, Deserialize)]
#[serde(from = "u32", into = "String")]
struct Number(u32);

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0.to_string()
    }
}

fn main() {}
