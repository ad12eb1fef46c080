//! Events, ids and payloads of a crate that knows no aggregate.

use std::convert::Infallible;

use esrs::Metadata;
use esrs::prelude::*;
use esrs::store::NewEvent;
use shared_events::{Address, ParcelArrived, ParcelId, ParcelSent, ParcelSentV1};

use crate::book::{executed, folded, rows};

#[derive(Event, Serialize, Deserialize)]
#[event("parcel_weighed")]
struct ParcelWeighed {
    grams: u32,
}

#[derive(Aggregate, Default)]
#[aggregate("parcel", id = ParcelId, events(ParcelSent, ParcelWeighed, ParcelArrived))]
struct Parcel {
    to: Option<Address>,
    grams: u32,
    arrived: bool,
}

impl Apply<ParcelSent> for Parcel {
    fn apply(&mut self, event: ParcelSent) {
        self.to = Some(event.to);
    }
}

impl Apply<ParcelWeighed> for Parcel {
    fn apply(&mut self, event: ParcelWeighed) {
        self.grams = event.grams;
    }
}

impl Apply<ParcelArrived> for Parcel {
    fn apply(&mut self, _: ParcelArrived) {
        self.arrived = true;
    }
}

/// Each way into events, for one that is another crate's.
enum Send {
    Alone,
    InATuple,
    InAVec,
    AsTheEnum,
}

fn sent() -> ParcelSent {
    ParcelSent { to: Address { city: "Brno".to_owned() } }
}

impl Handle<Send> for Parcel {
    type Error = Infallible;

    fn handle(&self, command: &Send, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(match command {
            Send::Alone => sent().into(),
            Send::InATuple => (sent(), ParcelWeighed { grams: 20 }, ParcelArrived {}).into(),
            Send::InAVec => Events::of(vec![sent()]).and(Some(ParcelArrived {})),
            Send::AsTheEnum => ParcelEvent::ParcelSent(sent()).into(),
        })
    }
}

#[derive(Projection, Debug, PartialEq)]
#[projection(table = "parcels", of = Parcel, creates(ParcelSent), events(ParcelArrived))]
struct ParcelRow {
    #[projection(key)]
    parcel: ParcelId,
    city: String,
    arrived: bool,
}

impl Create<ParcelSent> for ParcelRow {
    fn create(parcel: ParcelId, event: &Recorded<ParcelSent>) -> Self {
        Self { parcel, city: event.to.city.clone(), arrived: false }
    }
}

impl Project<ParcelArrived> for ParcelRow {
    fn project(&mut self, _: &Recorded<ParcelArrived>) {
        self.arrived = true;
    }
}

#[tokio::test]
async fn an_event_of_another_crate_becomes_events_each_way() {
    for (command, version, grams, arrived) in [
        (Send::Alone, 1, 0, false),
        (Send::InATuple, 3, 20, true),
        (Send::InAVec, 2, 0, true),
        (Send::AsTheEnum, 1, 0, false),
    ] {
        let (store, parcel) = executed::<Parcel, _>(ParcelId(7), command).await;
        assert_eq!(
            (Loaded::version(&parcel), parcel.grams, parcel.arrived),
            (version, grams, arrived)
        );
        assert_eq!(parcel.to.as_ref().map(|to| to.city.as_str()), Some("Brno"));
        let row = ParcelRow { parcel: ParcelId(7), city: "Brno".to_owned(), arrived };
        assert_eq!(rows::<ParcelRow>(&store).await, [row]);
    }
}

#[tokio::test]
async fn its_older_version_is_read_through_its_own_step() {
    let old = NewEvent::of(&ParcelSentV1 { city: "Brno".to_owned() }, Metadata::new()).unwrap();
    let parcel = folded::<Parcel>(ParcelId(7), vec![old]).await;
    assert_eq!(parcel.to, Some(Address { city: "Brno".to_owned() }));
}
