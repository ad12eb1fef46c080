esrs::schema!();

use esrs::prelude::*;

pub type Cents = i64;

pub fn cents(euros: i32) -> Cents {
    i64::from(euros) * 100
}

pub fn tenths(euros: i32) -> Cents {
    i64::from(euros) * 10
}

pub fn five() -> u8 {
    5
}

pub fn six() -> u8 {
    6
}

pub fn some_five() -> Option<u8> {
    Some(5)
}

pub mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&value.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

pub mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{value:x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        u32::from_str_radix(&String::deserialize(from)?, 16).map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Schema, Serialize, Deserialize)]
#[schema(version = 2)]
pub enum Unit {
    #[schema(renamed(from = "Kg", in = 2))]
    Kilogram,
    #[schema(renamed(from = "Lb", in = 2))]
    Pound,
}

#[derive(Debug, Schema, Serialize, Deserialize)]
#[schema(version = 2)]
pub struct Parcel {
    #[schema(renamed(from = "x", in = 2))]
    pub wide: u16,
    #[schema(renamed(from = "y", in = 2))]
    pub long: u16,
    #[serde(default = "five")]
    pub layers: u8,
    #[serde(default = "some_five")]
    pub tier: Option<u8>,
}

#[derive(Debug, Schema, Serialize, Deserialize)]
pub struct Strap {
    #[serde(default)]
    pub seals: u8,
}

#[derive(Debug, Clone, Schema, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Grade(pub u8);

impl From<u8> for Grade {
    fn from(grade: u8) -> Self {
        Self(grade)
    }
}

impl From<Grade> for u8 {
    fn from(grade: Grade) -> Self {
        grade.0
    }
}

#[derive(Debug, Event, Serialize, Deserialize)]
#[event("parcel_sent", version = 2)]
pub struct ParcelSent {
    #[event(renamed(from = "sender", in = 2))]
    pub from: String,
    #[event(renamed(from = "receiver", in = 2))]
    pub to: String,
    #[event(retyped(from = i32, in = 2, with = cents))]
    pub price: Cents,
    #[event(added(in = 2, default = "none".to_owned()))]
    pub note: String,
    #[event(updated(in = 2, from = 1))]
    pub parcels: Vec<Parcel>,
    #[event(updated(in = 2, from = 1))]
    pub unit: Option<Unit>,
    #[serde(with = "as_text")]
    #[schema(opaque = "number@1")]
    pub number: u32,
    #[serde(default = "five")]
    pub priority: u8,
    pub grade: Grade,
    pub strap: Strap,
}

#[derive(Debug, Event, Serialize, Deserialize)]
#[event("route_taken")]
pub struct RouteTakenV1 {
    pub from: String,
    pub to: String,
}

#[derive(Debug, Event, Serialize, Deserialize)]
#[event("route_taken", version = 2, from = RouteTakenV1)]
pub struct RouteTaken {
    pub start: String,
    pub end: String,
}

impl Upcast<RouteTakenV1> for RouteTaken {
    fn upcast(old: RouteTakenV1) -> Self {
        Self { start: old.from, end: old.to }
    }
}
