//! The read models, checkpoints and leases of a store in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::event::{Position, StreamId};
use crate::log::{LogMark, StoreError};
use crate::read_model::projection::{RowKey, Value};
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, Decision, Lease, LeaseClaim, ParkedStream,
    ParkingAction, ParkingEntry, ResumedStream, Subscription,
};

/// The changes of a step, by the keys of their rows; `None` is a row that it deletes.
pub(super) type Changes = HashMap<RowKey, Option<Vec<Value>>>;

/// The rows and subscriptions of a store in memory, next to its log.
#[derive(Debug, Default)]
pub(super) struct Models {
    /// By name, and whether it is the one that is built.
    stored: BTreeMap<(&'static str, bool), Stored>,
    /// The definitions that another one has replaced, with the name of their subscription.
    superseded: HashSet<(&'static str, Arc<str>)>,
    leases: HashMap<String, Leased>,
    parking_log: Vec<(String, ParkingEntry)>,
}

/// A subscription and its rows.
#[derive(Debug)]
pub(super) struct Stored {
    definition: Arc<str>,
    pub(super) at: Checkpoint,
    pub(super) rows: HashMap<RowKey, Vec<Value>>,
    parked: BTreeMap<(Position, StreamId), ParkedStream>,
    pub(super) failure: Option<String>,
}

#[derive(Debug)]
struct Leased {
    /// `None` once it was given back.
    holder: Option<Arc<str>>,
    fence: u64,
    /// `None` if that is further than a clock goes.
    until: Option<Instant>,
}

fn key_of(subscription: &Subscription) -> (&'static str, bool) {
    (subscription.name, subscription.building)
}

impl Models {
    pub(super) fn find(&self, subscription: &Subscription) -> Option<&Stored> {
        self.stored.get(&key_of(subscription))
    }

    /// The subscription, if it is there; an error if another definition has built its rows.
    pub(super) fn of_definition(
        &self,
        subscription: &Subscription,
    ) -> Result<Option<&Stored>, StoreError> {
        match self.find(subscription) {
            Some(stored) if stored.definition != subscription.definition => {
                Err(self.another_definition(subscription, stored))
            }
            found => Ok(found),
        }
    }

    fn another_definition(&self, declared: &Subscription, stored: &Stored) -> StoreError {
        let superseded = (declared.name, declared.definition.clone());
        match !declared.building && self.superseded.contains(&superseded) {
            true => StoreError::ProjectionSuperseded {
                table: declared.name,
                stored: stored.definition.to_string(),
                declared: declared.definition.to_string(),
            },
            false => declared.changed(&*stored.definition),
        }
    }

    /// Enters a subscription at the start of the log, in a generation that there was not before.
    pub(super) fn begin(&mut self, subscription: &Subscription) -> Checkpoint {
        let name = subscription.name;
        let of_name = [false, true].into_iter().filter_map(|building| {
            let stored = self.stored.get(&(name, building))?;
            Some(stored.at.generation)
        });
        let at = Checkpoint {
            position: Position::START,
            generation: of_name.max().unwrap_or(0) + 1,
            mark: None,
        };
        self.supersede(subscription);
        let stored = Stored {
            definition: subscription.definition.clone(),
            at,
            rows: HashMap::new(),
            parked: BTreeMap::new(),
            failure: None,
        };
        self.stored.insert(key_of(subscription), stored);
        at
    }

    /// Notes that the definition in place is replaced by that of `live`.
    fn supersede(&mut self, live: &Subscription) {
        if live.building {
            return;
        }
        let replaced = self.find(live).map(|stored| stored.definition.clone());
        if let Some(replaced) = replaced.filter(|replaced| *replaced != live.definition) {
            self.superseded.insert((live.name, replaced));
        }
        self.superseded.remove(&(live.name, live.definition.clone()));
    }

    /// The answer to a step that does not begin where its subscription is; `None` if it does.
    pub(super) fn elsewhere(&self, advance: &Advance) -> Result<Option<Advanced>, StoreError> {
        let Some(stored) = self.find(&advance.subscription) else {
            return Ok(Some(Advanced::Elsewhere(Checkpoint::NOWHERE)));
        };
        let (at, from) = (stored.at, advance.from);
        if (at.position, at.generation) != (from.position, from.generation) {
            return Ok(Some(Advanced::Elsewhere(at)));
        }
        self.of_definition(&advance.subscription).map(|_| None)
    }

    /// Stores a step that begins where its subscription is.
    pub(super) fn advance(&mut self, advance: Advance, changes: Changes) {
        let Advance { subscription, from, to, mark, park, resume, .. } = advance;
        let Some(stored) = self.stored.get_mut(&key_of(&subscription)) else { return };
        // A step that only parks or resumes leaves the mark.
        let mark = if to == from.position && mark.is_none() { stored.at.mark } else { mark };
        stored.at = Checkpoint { position: to, mark, ..stored.at };
        stored.apply(changes);
        for parked in park {
            stored.parked.retain(|_, one| one.stream != parked.stream);
            let entry = entry(&parked.stream, parked.version, ParkingAction::Parked);
            let entry = ParkingEntry { reason: parked.reason.clone(), ..entry };
            self.parking_log.push((subscription.name.to_owned(), entry));
            stored.parked.insert((parked.position, parked.stream.clone()), parked);
        }
        for ResumedStream { stream, next_version } in resume {
            let found = stored.parked.values_mut().find(|one| one.stream == stream);
            let Some(parked) = found else { continue };
            match next_version {
                Some(version) => parked.version = version,
                None => {
                    let entry = entry(&stream, parked.version, ParkingAction::Resumed);
                    self.parking_log.push((subscription.name.to_owned(), entry));
                    stored.parked.retain(|_, one| one.stream != stream);
                }
            }
        }
    }

    /// Puts what was built, with the changes of its last step, in place of what is read so far.
    pub(super) fn replace(
        &mut self,
        live: &Subscription,
        at: Checkpoint,
        changes: Changes,
    ) -> Option<Checkpoint> {
        let mut built = self.stored.remove(&(live.name, true))?;
        let generation = self.find(live).map_or(0, |stored| stored.at.generation);
        self.supersede(live);
        built.at = Checkpoint { generation: at.generation.max(generation) + 1, ..at };
        built.apply(changes);
        let now = built.at;
        self.stored.insert(key_of(live), built);
        Some(now)
    }

    pub(super) fn record_failure(&mut self, subscription: &Subscription, failure: Option<String>) {
        if let Some(stored) = self.stored.get_mut(&key_of(subscription))
            && stored.definition == subscription.definition
        {
            stored.failure = failure.map(ParkedStream::reason_of);
        }
    }

    pub(super) fn checkpoints(&self) -> Vec<CheckpointOf> {
        let one = |(&(name, building), stored): (&(&'static str, bool), &Stored)| {
            let mut one = CheckpointOf::new(name, building, stored.at);
            one.failure = stored.failure.clone();
            one.parked = stored.parked.len() as u64;
            let lease = Subscription::lease_of(name, building);
            let held = self.leases.get(&lease).and_then(|leased| leased.held(Instant::now()));
            one.held_by = held.map(|(by, _)| by.to_string());
            one
        };
        self.stored.iter().map(one).collect()
    }

    pub(super) fn claim(&mut self, claim: LeaseClaim) -> Lease {
        let now = Instant::now();
        let LeaseClaim { name, holder, duration } = claim;
        let leased =
            self.leases.entry(name).or_insert(Leased { holder: None, fence: 0, until: None });
        match leased.held(now) {
            Some((by, for_another)) if **by != *holder => {
                return Lease::Taken { by: by.to_string(), for_another };
            }
            Some(_) => {}
            None => leased.fence += 1,
        }
        leased.holder = Some(holder);
        leased.until = now.checked_add(duration);
        Lease::Held { fence: leased.fence }
    }

    pub(super) fn release(&mut self, name: &str, holder: &str) {
        // The entry stays, so that its fence is never given again.
        let held_by = |leased: &&mut Leased| leased.holder.as_deref() == Some(holder);
        if let Some(leased) = self.leases.get_mut(name).filter(held_by) {
            leased.holder = None;
        }
    }

    /// Refuses a fence that is no longer the one of the lease.
    pub(super) fn check_fence(
        &self,
        subscription: &Subscription,
        fence: Option<u64>,
    ) -> Result<(), StoreError> {
        let Some(fence) = fence else { return Ok(()) };
        let lease = subscription.lease();
        let held = self.leases.get(&lease);
        match held.is_some_and(|leased| leased.fence == fence && leased.holder.is_some()) {
            true => Ok(()),
            false => Err(StoreError::Fenced { lease, fence }),
        }
    }

    pub(super) fn decide(
        &mut self,
        subscription: &str,
        stream: &StreamId,
        decision: Decision,
    ) -> bool {
        let of_name =
            self.stored.iter_mut().find(|((name, building), _)| *name == subscription && !building);
        let Some((_, stored)) = of_name else { return false };
        let Decision { skip, version, actor, reason } = decision;
        let is_it = |one: &&mut ParkedStream| one.stream == *stream && one.version == version;
        let Some(parked) = stored.parked.values_mut().find(is_it) else { return false };
        parked.is_to_resume = true;
        parked.version += u64::from(skip);
        let action = if skip { ParkingAction::Skipped } else { ParkingAction::Retried };
        let entry = ParkingEntry { actor: Some(actor), reason, ..entry(stream, version, action) };
        self.parking_log.push((subscription.to_owned(), entry));
        true
    }

    pub(super) fn parking_log(&self, subscription: &str) -> Vec<ParkingEntry> {
        let of_it = self.parking_log.iter().filter(|(name, _)| name == subscription);
        of_it.map(|(_, entry)| entry.clone()).collect()
    }
}

impl Stored {
    fn apply(&mut self, changes: Changes) {
        for (key, row) in changes {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// The parked streams, in the order of their positions.
    pub(super) fn parked(&self) -> impl Iterator<Item = &ParkedStream> {
        self.parked.values()
    }

    pub(super) fn mark(&self) -> Option<LogMark> {
        self.at.mark
    }
}

impl Leased {
    /// The holder, and for how long it still holds the lease; `None` if it is free.
    fn held(&self, now: Instant) -> Option<(&Arc<str>, Duration)> {
        let holder = self.holder.as_ref()?;
        let left = self.until.map_or(Duration::MAX, |until| until.saturating_duration_since(now));
        (!left.is_zero()).then_some((holder, left))
    }
}

fn entry(stream: &StreamId, version: u64, action: ParkingAction) -> ParkingEntry {
    let (actor, reason, at) = (None, String::new(), Timestamp::now());
    ParkingEntry { stream: stream.clone(), version, action, actor, reason, at }
}
