use super::CountedV1;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
pub(crate) struct CountedV0 {
    pub(crate) times: i64,
}

impl Upcast<CountedV0> for CountedV1 {
    fn upcast(old: CountedV0) -> Self {
        Self { count: old.times }
    }
}
