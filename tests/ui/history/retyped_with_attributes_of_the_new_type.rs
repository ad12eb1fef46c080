use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = String, in = 2, with = str_len))]
    #[serde(default = "five")]
    cents: i64,
}

fn str_len(text: String) -> i64 {
    text.len() as i64
}

fn five() -> i64 {
    5
}


fn main() {}
