//! Time travel and audit: what a history is worth having for.
//!
//! Nothing was overwritten, so each moment can be looked at again, each difference explained, and each
//! change laid at somebody's door. A building permit has a history that people argue about.

use std::error::Error;

use esrs::AsOf;
use esrs::event::FixedClock;
use esrs::prelude::*;
use esrs::store::AuditTrail;
use jiff::SignedDuration;

#[derive(Event, Serialize, Deserialize)]
#[event("permit_requested")]
struct PermitRequested {
    street: String,
    storeys: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event("plan_changed")]
struct PlanChanged {
    storeys: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event("permit_granted")]
struct PermitGranted {}

#[derive(Aggregate, Clone, Serialize, Default)]
#[aggregate("permit", id = u32, events(PermitRequested, PlanChanged, PermitGranted))]
struct Permit {
    street: String,
    storeys: u8,
    granted: bool,
}

impl Apply<PermitRequested> for Permit {
    fn apply(&mut self, event: PermitRequested) {
        (self.street, self.storeys) = (event.street, event.storeys);
    }
}

impl Apply<PlanChanged> for Permit {
    fn apply(&mut self, event: PlanChanged) {
        self.storeys = event.storeys;
    }
}

impl Apply<PermitGranted> for Permit {
    fn apply(&mut self, _: PermitGranted) {
        self.granted = true;
    }
}

struct Request(&'static str, u8);
struct ChangePlan(u8);
struct Grant;

impl Handle<Request> for Permit {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Request, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PermitRequested { street: command.0.to_owned(), storeys: command.1 }.into())
    }
}

impl Handle<ChangePlan> for Permit {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &ChangePlan, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PlanChanged { storeys: command.0 }.into())
    }
}

impl Handle<Grant> for Permit {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Grant, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(PermitGranted {}.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = MemoryStore::new();
    let clock = FixedClock::at("2026-03-02T09:00:00Z".parse()?);
    let permits = Repository::<Permit>::new(store.clone()).with_clock(clock.clone());
    let a_day = SignedDuration::from_hours(24);

    permits.execute(&1, Request("Long Lane", 2)).by("alice").await?;
    clock.advance(a_day);
    permits.execute(&1, Grant).by("bob").with("office", "north").await?;
    clock.advance(a_day);
    permits.execute(&1, ChangePlan(5)).by("alice").with("reason", "more flats").await?;
    permits.execute(&2, Request("Short Street", 1)).by("carol").await?;

    println!("-- each event, and what it changed");
    let mut history = permits.history(&1)?.with_changes();
    while let Some(moment) = history.try_next().await? {
        println!("{} {}", moment.envelope.recorded_at, moment.kind.name);
        for change in &moment.changes {
            println!("    {change}");
        }
    }

    println!("-- as it was when it was granted");
    let granted = permits.load_at(&1, AsOf::Time("2026-03-03T23:59:59Z".parse()?)).await?;
    println!(
        "{} storeys in {}, at version {}",
        granted.storeys,
        granted.street,
        Loaded::version(&granted)
    );

    println!("-- what differs between that and now");
    println!("{}", permits.diff(&1, AsOf::Version(Loaded::version(&granted)), AsOf::Now).await?);

    println!("-- who changed what, when and why: this permit");
    let stream = Loaded::stream(&granted).clone();
    let mut trail = AuditTrail::new(store.clone()).of_stream(stream);
    while let Some(entry) = trail.try_next().await? {
        println!("{entry}");
    }

    println!("-- and all that Alice did, since the third of March");
    let since = "2026-03-03T00:00:00Z".parse()?;
    let mut trail = AuditTrail::new(store).by("alice").from(since);
    while let Some(entry) = trail.try_next().await? {
        println!("{entry}");
    }
    Ok(())
}
