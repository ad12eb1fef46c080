use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("weight_measured")]
struct WeightMeasured {
    kilograms: Weight,
}

#[derive(Column, Schema, Serialize, Deserialize, Clone, Copy)]
struct Weight(f64);

#[derive(Aggregate, Default)]
#[aggregate("scale", id = u64, events(ignored(WeightMeasured)))]
struct Scale {}

#[derive(Projection)]
#[projection(table = "weights", of = Scale, creates(WeightMeasured(key = kilograms)))]
struct Weights {
    #[projection(key)]
    kilograms: Weight,
}

impl Create<WeightMeasured> for Weights {
    fn create(kilograms: Weight, _: &Recorded<WeightMeasured>) -> Self {
        Self { kilograms }
    }
}

fn main() {}
