//! The derives of events compile with names that a user may have taken, and strict lints.
#![no_implicit_prelude]
#![deny(missing_docs, clippy::pedantic, warnings)]

/// Types of the user's own, under names that the generated code must not mean.
pub mod own {
    #![allow(dead_code, reason = "they are only in the way")]

    /// In the way.
    pub struct Result;
    /// In the way.
    pub struct Option;
    /// In the way.
    pub struct Vec;
    /// In the way.
    pub struct Some;
    /// In the way.
    pub struct Ok;
    /// In the way.
    pub struct Err;
    /// In the way.
    pub struct Shape;
    /// In the way.
    pub struct Field;
    /// In the way.
    pub struct Clone;
    /// In the way.
    pub struct From;
    /// In the way.
    pub mod core {}
    /// In the way.
    pub mod std {}
    /// In the way.
    pub mod serde_json {}
    /// An event under the name of the trait.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("event")]
    pub struct Event {
        /// A field under a keyword.
        pub r#type: ::std::string::String,
        /// A field under the name of a generated argument.
        pub payload: ::std::option::Option<Schema>,
        /// The same.
        pub version: ::core::primitive::u32,
    }

    /// A payload under the name of the trait.
    #[derive(::esrs::Schema, ::serde::Serialize, ::serde::Deserialize)]
    pub enum Schema {
        /// A variant under a keyword's sibling.
        r#Self_,
        /// Under the name of a variant of the prelude.
        None {
            /// A field under a keyword.
            r#fn: bool,
        },
    }

    /// An event under a keyword.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("event", version = 2, from = Event)]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub struct r#async {
        /// A field under a keyword.
        pub r#type: ::std::string::String,
    }

    impl ::esrs::Upcast<Event> for r#async {
        fn upcast(old: Event) -> Self {
            Self { r#type: old.r#type }
        }
    }

    /// An old version that new code must not use.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("moved")]
    #[deprecated]
    pub struct MovedV1(bool);

    /// The derives go on naming what the user has deprecated.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("moved", version = 2, from = MovedV1)]
    pub struct Moved(u8);

    #[expect(deprecated, reason = "the step reads the old version")]
    impl ::esrs::Upcast<MovedV1> for Moved {
        fn upcast(old: MovedV1) -> Self {
            Self(::core::convert::From::from(old.0))
        }
    }

    /// An event that another merges, under the name of what its step is given.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("stored")]
    #[deprecated]
    pub struct StoredAs(u8);

    /// An event that merges what the user has deprecated, and another under a keyword.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event("merged", merges(StoredAs, r#async))]
    pub struct Merged(pub u8);

    #[expect(deprecated, reason = "the step reads the old event")]
    impl ::esrs::Upcast<StoredAs> for Merged {
        fn upcast(old: StoredAs) -> Self {
            Self(old.0)
        }
    }

    impl ::esrs::Upcast<r#async> for Merged {
        fn upcast(_: r#async) -> Self {
            Self(0)
        }
    }

    /// A nested type that declares its past, among the same names.
    #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
    #[event(
        "weighed",
        version = 3,
        removed(name = "default", ty = ::core::primitive::u8, in = 2, serde(default))
    )]
    pub struct Past {
        /// A field under a keyword.
        #[event(renamed(from = "past", in = 2))]
        pub r#type: ::core::primitive::u64,
        /// A field under the name of a generated argument.
        #[event(retyped(from = bool, in = 3, with = ::core::convert::From::from))]
        pub old: ::core::primitive::u8,
        /// A default under the name of an event.
        #[event(added(in = 2, default = MovedAgain(4)))]
        pub function: MovedAgain,
        /// Without a word of what older payloads have.
        #[event(added(in = 3))]
        pub payload: ::std::option::Option<Kind>,
        /// Another version of what it holds.
        #[event(updated(in = 3, from = 1))]
        pub kinds: ::std::vec::Vec<Kind>,
    }

    /// A payload that declares its past.
    #[derive(::esrs::Schema, ::serde::Serialize, ::serde::Deserialize)]
    #[schema(version = 2)]
    pub enum Kind {
        /// A variant under the name of a type that is in the way.
        #[schema(renamed(from = "Result", in = 2))]
        Ok,
        /// Under a keyword's sibling.
        #[schema(added(in = 2))]
        r#Self_ {
            /// A field under a keyword.
            r#fn: bool,
        },
    }

    /// A payload in a tuple.
    #[derive(::esrs::Schema, ::serde::Serialize, ::serde::Deserialize)]
    pub struct MovedAgain(pub u8);

    /// An id under the name of the value in it.
    #[derive(::esrs::Id, ::std::clone::Clone, ::serde::Serialize, ::serde::Deserialize)]
    pub struct String(::std::string::String);
}

/// Derived inside a macro, and in a function.
#[test]
fn events_derive_where_every_name_is_taken() {
    macro_rules! declare {
        ($name:ident, $stored:literal, $field:ident: $ty:ty) => {
            #[derive(::esrs::Event, ::serde::Serialize, ::serde::Deserialize)]
            #[event($stored)]
            struct $name {
                $field: $ty,
            }
        };
    }
    declare!(Local, "local", field: ::std::vec::Vec<own::Schema>);

    let event = <own::r#async as ::esrs::Event>::decode(1, r#"{"type": "a", "version": 1}"#);
    ::std::assert_eq!(event.unwrap().r#type, "a");
    let shape = <own::r#async as ::esrs::Schema>::SHAPE;
    ::std::assert_eq!(::std::string::ToString::to_string(shape), "{type: string}");
    let past = r#"{"past": 1, "old": true, "kinds": ["Result"]}"#;
    let past = <own::Past as ::esrs::Event>::decode(1, past).unwrap();
    ::std::assert_eq!((past.r#type, past.old, past.function.0, past.kinds.len()), (1, 1, 4, 1));
    let local: Local = <Local as ::esrs::Event>::decode(1, r#"{"field": ["Self_"]}"#).unwrap();
    ::std::assert_eq!(local.field.len(), 1);
    ::std::assert!(::esrs::schema::EventType::of::<own::Merged>().is_stored_as("stored"));
    ::std::assert!(::esrs::schema::EventType::of::<own::Merged>().is_stored_as("event"));
    let id: own::String = ::std::str::FromStr::from_str("a").unwrap();
    ::std::assert_eq!(::std::string::ToString::to_string(&id), "a");
}
