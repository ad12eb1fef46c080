//! A macro that writes the aggregate, and is given its name.

macro_rules! counter {
    ($name:ident) => {
        #[derive(Aggregate, Default)]
        #[aggregate("counter", id = u64, events(Counted))]
        pub(crate) struct $name {
            pub(crate) sum: i64,
        }
    };
}
pub(crate) use counter;
