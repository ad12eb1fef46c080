//! The traits of a store on pointers to one.

/// Implements a trait of a store for `Box<S>` and `Arc<S>`, method by method; written as `&Trait`, also for
/// `&'static S`.
///
/// A borrowed store is a mistake more often than it lives for ever. Only `EventStore` has the last, so that
/// elsewhere the compiler says to clone the store, and not that a lifetime is too short.
///
/// The list repeats the signatures of the trait; a method that is missing from it does not pass the lint, also
/// where the trait has a default, which would answer instead of the store.
macro_rules! forward {
    ($contract:ident $(+ $unsized:tt Sized)? { $($methods:tt)* }) => {
        $crate::store::forward::forward!(@to std::boxed::Box<S>, $contract, [$(+ $unsized Sized)?], $($methods)*);
        $crate::store::forward::forward!(@to std::sync::Arc<S>, $contract, [$(+ $unsized Sized)?], $($methods)*);
    };
    (&$contract:ident $(+ $unsized:tt Sized)? { $($methods:tt)* }) => {
        $crate::store::forward::forward!($contract $(+ $unsized Sized)? { $($methods)* });
        $crate::store::forward::forward!(@to &'static S, $contract, [$(+ $unsized Sized)?], $($methods)*);
    };
    (
        @to $pointer:ty, $contract:ident, [$($bound:tt)*],
        $(fn $method:ident $(<$generic:ident: $of:ident>)? (&self $(, $name:ident: $argument:ty)*) -> $answer:ty;)*
    ) => {
        #[deny(clippy::missing_trait_methods)]
        impl<S: $contract $($bound)*> $contract for $pointer {
            $(
                fn $method $(<$generic: $of>)? (&self $(, $name: $argument)*) -> $answer {
                    (**self).$method $(::<$generic>)? ($($name),*)
                }
            )*
        }
    };
}

pub(super) use forward;
