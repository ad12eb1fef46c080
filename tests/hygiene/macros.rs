//! Types that a user's own macro writes, whose names, types and literals come in groups of their own.

use std::convert::Infallible;

use esrs::prelude::*;

use crate::book::{executed, parsed, rows};

macro_rules! log {
    (
        $(#[$meta:meta])*
        $visibility:vis $aggregate:ident($stored:literal) by $id:ident($value:ty) {
            $($event:ident($name:literal) { $field:ident: $ty:ty } into $sum:ident,)+
        }
        $row:ident in $table:literal from $first:path
    ) => {
        #[derive(Id, Clone, Debug, PartialEq)]
        $visibility struct $id($value);

        $(
            #[derive(Event, Clone, Serialize, Deserialize)]
            #[event($name)]
            $visibility struct $event {
                $field: $ty,
            }

            impl Apply<$event> for $aggregate {
                fn apply(&mut self, event: $event) {
                    self.$sum.push(event.$field.to_string());
                }
            }

            impl Handle<$event> for $aggregate {
                type Error = Infallible;

                fn handle(&self, command: &$event, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
                    Ok(command.clone().into())
                }
            }
        )+

        $(#[$meta])*
        #[derive(Aggregate, Default)]
        #[aggregate($stored, id = $id, events($($event),+))]
        $visibility struct $aggregate {
            $($sum: Vec<String>,)+
        }

        #[derive(Projection, Debug, PartialEq)]
        #[projection(table = $table, of = $aggregate, creates($first))]
        $visibility struct $row {
            #[projection(key)]
            key: $id,
            events: u32,
        }

        impl Create<$first> for $row {
            fn create(key: $id, _: &Recorded<$first>) -> Self {
                Self { key, events: 1 }
            }
        }
    };
}

log! {
    /// The measurements of a thermometer.
    pub(crate) Thermometer("thermometer") by ThermometerId(u16) {
        Measured("measured") { degrees: i64 } into measured,
        Named("named") { name: String } into named,
    }
    ThermometerRow in "thermometers" from Measured
}

#[tokio::test]
async fn types_that_a_macro_wrote_go_there_and_back() {
    let id: ThermometerId = parsed("40");
    let (store, state) = executed::<Thermometer, _>(id.clone(), Measured { degrees: -3 }).await;
    assert_eq!(state.measured, ["-3"]);
    assert_eq!(rows::<ThermometerRow>(&store).await, [ThermometerRow { key: id, events: 1 }]);
    let name = "attic".to_owned();
    let (_, state) = executed::<Thermometer, _>(ThermometerId(1), Named { name }).await;
    assert_eq!(state.named, ["attic"]);
}

/// A history that a macro writes, of types and expressions that it is given.
macro_rules! grown {
    ($event:ident($name:literal), $held:ident, $old:literal => $field:ident: $ty:ty = $from:ty, $with:expr, $value:expr) => {
        #[derive(Schema, Serialize, Deserialize)]
        #[schema(version = 2)]
        struct $held {
            #[schema(renamed(from = $old, in = 2), retyped(from = $from, in = 2, with = $with))]
            $field: $ty,
        }

        #[derive(Event, Serialize, Deserialize)]
        #[event($name, version = 2, removed(name = $old, ty = $from, in = 2))]
        struct $event {
            #[event(updated(in = 2, from = 1))]
            held: Vec<$held>,
            #[event(added(in = 2, default = $value))]
            $field: $ty,
        }
    };
}

grown!(Grown("grown"), Held, "small" => large: Vec<u8> = u8, |one| vec![one], vec![7, 8]);

#[test]
fn a_history_that_a_macro_wrote_is_read() {
    let grown = Grown::decode(1, r#"{"held": [{"small": 3}], "small": 4}"#).unwrap();
    assert_eq!(grown.large, [7, 8]);
    assert_eq!(grown.held[0].large, [3]);
}
