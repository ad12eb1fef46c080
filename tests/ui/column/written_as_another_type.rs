use esrs::prelude::*;

#[derive(Column, Clone, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
enum Status {
    Pending,
    Granted,
}

impl From<bool> for Status {
    fn from(granted: bool) -> Self {
        if granted { Self::Granted } else { Self::Pending }
    }
}

impl From<Status> for bool {
    fn from(status: Status) -> Self {
        matches!(status, Status::Granted)
    }
}

fn main() {}
