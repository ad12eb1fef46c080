use esrs::prelude::*;

// Each is told, and the row that holds the enum is not.
#[derive(Column, Serialize, Deserialize)]
#[column(text, crate = esrs)]
enum Status {
    Pending,
    #[serde(rename = "Pending")]
    Waiting,
    Granted { cents: i64 },
    Returned(String),
    #[serde(skip)]
    Draft,
}

fn is_column<T: Column>() {}

fn main() {
    is_column::<Status>();
}
