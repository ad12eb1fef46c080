//! `#[derive(Column)]` compiles with names that a user may have taken, and strict lints.
#![no_implicit_prelude]
#![deny(missing_docs, clippy::pedantic, clippy::nursery, clippy::pattern_type_mismatch, warnings)]

/// Types of the user's own, under names that the generated code must not mean.
pub mod own {
    #![allow(dead_code, non_camel_case_types, non_upper_case_globals, reason = "in the way")]

    /// In the way.
    pub struct Result;
    /// In the way.
    pub struct From;
    /// In the way.
    pub struct Value;
    /// In the way.
    pub struct ColumnType;
    /// In the way.
    pub struct bool;
    /// In the way.
    pub struct str;
    /// In the way.
    pub mod core {}

    /// An enum under the name of the trait, its variants under those of the prelude and a keyword.
    #[derive(::esrs::Column, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq)]
    pub enum Column {
        /// In the way.
        Ok,
        /// In the way.
        Err,
        /// In the way.
        r#type,
        /// Still in some table.
        #[deprecated]
        Old,
    }

    /// A newtype under the name of the value in it.
    #[derive(::esrs::Column, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq)]
    pub struct String(pub ::std::string::String);
}

/// An enum that reads every text; apart, because serde's derive means the `str` that is found.
#[derive(::esrs::Column, ::serde::Deserialize)]
pub enum Carrier {
    /// One by name.
    Post,
    /// All others.
    #[serde(other, alias = "none")]
    Another,
}

fn text(text: &str) -> ::esrs::projection::Value {
    ::std::convert::Into::into(text)
}

/// Derived inside a macro, and in a function.
#[test]
fn columns_derive_where_every_name_is_taken() {
    macro_rules! declare {
        ($name:ident, $variant:ident, $ty:ty) => {
            #[derive(::esrs::Column)]
            #[column(crate = ::esrs)]
            enum $name {
                $variant,
            }

            #[derive(::esrs::Column)]
            struct Newtype($ty);
        };
    }
    declare!(Local, Only, ::core::option::Option<own::Column>);

    let kept = ::esrs::Column::to_value(&own::Column::r#type).unwrap();
    ::std::assert_eq!(kept, text("type"), "without its mark");
    let read = <own::Column as ::esrs::Column>::from_value(kept).unwrap();
    ::std::assert_eq!(read, own::Column::r#type);
    let kept = ::esrs::Column::to_value(&own::String(::std::convert::From::from("a"))).unwrap();
    ::std::assert_eq!(kept, text("a"));
    let kept = ::esrs::Column::to_value(&Local::Only).unwrap();
    ::std::assert_eq!(kept, text("Only"));
    let kept = Newtype(::core::option::Option::Some(own::Column::Ok));
    let kept = ::esrs::Column::to_value(&kept).unwrap();
    ::std::assert_eq!(kept, text("Ok"));
}
