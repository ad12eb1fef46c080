//! The derives of aggregates and projections compile with names that a user may have taken,
//! another name of the crate, and strict lints.
#![no_implicit_prelude]
#![deny(missing_docs, clippy::pedantic, warnings, unused_qualifications)]
#![deny(missing_debug_implementations, missing_copy_implementations, unreachable_pub)]

/// A crate that depends on esrs by another name.
mod renamed {
    pub(super) use ::esrs as events;
}

/// Types of the user's own, under names that the generated code must not mean.
pub mod own {
    #![allow(dead_code, reason = "they are only in the way")]
    #![allow(missing_debug_implementations, missing_copy_implementations, unreachable_pub)]

    /// In the way.
    pub struct Result;
    /// In the way.
    pub struct Vec;
    /// In the way.
    pub struct Some;
    /// In the way.
    pub struct Ok;
    /// In the way.
    pub struct Err;
    /// In the way.
    pub struct From;
    /// In the way.
    pub struct Clone;
    /// In the way.
    pub struct Events;
    /// In the way.
    pub struct Source;
    /// In the way.
    pub struct Table;
    /// In the way.
    pub struct Recorded;
    /// In the way.
    pub struct Envelope;
    /// In the way.
    pub mod core {}
    /// In the way.
    pub mod std {}
    /// In the way.
    pub mod serde_json {}

    /// An event under the name of a type of the prelude.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("string")]
    pub struct String {
        /// A field under a keyword.
        pub r#type: ::core::primitive::u64,
    }

    /// An event under the name of the trait.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("event")]
    pub struct Event {
        /// The row.
        pub r#type: ::core::primitive::u64,
    }

    /// An event under the name of a type of the prelude, which nobody is to emit any more.
    #[deprecated]
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("option")]
    pub struct Option;

    /// An event under a keyword.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("async")]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub struct r#async;

    /// An event that became several, under the name of the trait.
    #[deprecated]
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("extend")]
    pub struct Extend;

    #[expect(deprecated, reason = "it is to be read for ever")]
    impl ::esrs::Split for Extend {
        type Into = (r#async, [Event; 2]);

        fn split(self) -> Self::Into {
            (r#async, [Event { r#type: 1 }, Event { r#type: 2 }])
        }
    }

    /// A key under the name of a demand.
    #[derive(::esrs::Id)]
    pub struct Actor(pub ::std::string::String);

    impl ::esrs::MetadataKey for Actor {
        const KEY: &str = "actor";
    }

    /// A key under a keyword.
    #[derive(::esrs::Id)]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub struct r#where(pub ::core::primitive::u64);

    impl ::esrs::MetadataKey for r#where {
        const KEY: &str = "where";
    }

    /// An aggregate under the name of the trait.
    #[derive(::esrs::Aggregate, ::core::default::Default)]
    #[aggregate(
        "aggregate",
        id = ::core::primitive::u64,
        events(String, Event, ignored(Option, r#async), split(Extend)),
        requires(actor, r#where, correlation, causation, Actor),
        crate = crate::aggregates::renamed::events
    )]
    pub struct Aggregate {
        /// The number of times.
        pub times: ::core::primitive::usize,
    }

    impl ::esrs::Apply<String> for Aggregate {
        fn apply(&mut self, _: String) {
            self.times += 1;
        }
    }

    impl ::esrs::Apply<Event> for Aggregate {
        fn apply(&mut self, _: Event) {
            self.times += 1;
        }
    }

    /// An aggregate under a keyword.
    #[derive(::esrs::Aggregate, ::core::default::Default)]
    #[aggregate("loop", id = ::std::string::String, events(ignored(Event)))]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub struct r#loop;

    /// A row under the name of the trait.
    #[derive(::esrs::Projection)]
    #[projection(
        table = "select",
        of = Aggregate,
        creates(String(key = r#type), r#async),
        events(Event(key = [r#type, stream_id]), String, Option(missing = skip)),
        deletes(Event(of = r#loop, key = r#type)),
        crate = crate::aggregates::renamed::events
    )]
    pub struct Projection {
        /// A field under a keyword.
        #[projection(key)]
        pub r#type: ::core::primitive::u64,
        /// A field under the name of a generated argument.
        #[projection(text)]
        pub values: ::std::string::String,
        /// The same.
        #[projection(json)]
        pub column0: ::std::option::Option<bool>,
        /// The same.
        pub row: ::std::option::Option<bool>,
    }

    impl Projection {
        fn new(r#type: ::core::primitive::u64) -> Self {
            let (column0, row) = (::std::option::Option::None, ::std::option::Option::None);
            Self { r#type, values: ::std::string::String::new(), column0, row }
        }
    }

    impl ::esrs::Create<String> for Projection {
        fn create(key: ::core::primitive::u64, _: &::esrs::Recorded<String>) -> Self {
            Self::new(key)
        }
    }

    impl ::esrs::Create<r#async> for Projection {
        fn create(key: ::core::primitive::u64, _: &::esrs::Recorded<r#async>) -> Self {
            Self::new(key)
        }
    }

    impl ::esrs::Project<String> for Projection {
        fn project(&mut self, _: &::esrs::Recorded<String>) {}
    }

    #[expect(deprecated, reason = "it is to be read for ever")]
    impl ::esrs::Project<Option> for Projection {
        fn project(&mut self, _: &::esrs::Recorded<Option>) {}
    }

    impl ::esrs::Project<Event> for Projection {
        fn project(&mut self, _: &::esrs::Recorded<Event>) {}
    }
}

/// Derived inside a function, where the type cannot be named from outside.
#[test]
fn aggregates_and_projections_derive_where_every_name_is_taken() {
    #[derive(::esrs::Aggregate, ::core::default::Default)]
    #[aggregate("local", id = ::std::string::String, events(ignored(own::Event)))]
    struct Local;

    ::std::assert_eq!(<Local as ::esrs::Aggregate>::IGNORED, 1);
    let mut aggregate = <own::Aggregate as ::esrs::Aggregate>::initial();
    let event = ::std::convert::From::from(own::Event { r#type: 1 });
    ::esrs::Aggregate::apply_event(&mut aggregate, event);
    ::std::assert_eq!(aggregate.times, 1);
    let extend = ::esrs::schema::StoredAs::version(1);
    ::esrs::Aggregate::replay(&mut aggregate, 2, extend, "null").unwrap();
    ::std::assert_eq!(aggregate.times, 3);
    let table = <own::Projection as ::esrs::Projection>::TABLE;
    ::std::assert_eq!(
        table.definition(),
        "v1 type integer key, values text, column0 jsonb, row bool?"
    );
}
