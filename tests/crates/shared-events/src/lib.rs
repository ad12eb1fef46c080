//! Events of a crate that knows esrs by another name, and no aggregate.

sourcing::schema!(crate = ::sourcing);

use serde::{Deserialize, Serialize};
use sourcing::{Event, Id, Schema, Upcast};

/// The id of a parcel.
#[derive(Id, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[id(crate = ::sourcing)]
pub struct ParcelId(pub u64);

/// Where to.
#[derive(Schema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[schema(crate = ::sourcing)]
pub struct Address {
    /// The city.
    pub city: String,
}

/// The event of a parcel that was sent, before an address was more than a city.
#[derive(Event, Serialize, Deserialize)]
#[event("parcel_sent", crate = ::sourcing)]
pub struct ParcelSentV1 {
    /// The city.
    pub city: String,
}

/// A parcel is on its way.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("parcel_sent", version = 2, from = ParcelSentV1, crate = ::sourcing)]
pub struct ParcelSent {
    /// Where to.
    pub to: Address,
}

impl Upcast<ParcelSentV1> for ParcelSent {
    fn upcast(old: ParcelSentV1) -> Self {
        Self { to: Address { city: old.city } }
    }
}

/// A parcel has arrived.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("parcel_arrived", crate = ::sourcing)]
pub struct ParcelArrived {}
