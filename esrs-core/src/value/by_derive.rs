//! Proof that an implementation was generated.

/// The type of a constant that a trait requires of the code of its derive, so that nobody implements it by
/// hand by accident: what a derive checks, such an implementation would leave out.
#[derive(Debug, Clone, Copy)]
pub struct ByDerive(());

impl ByDerive {
    /// The value that a derive generates.
    pub const GENERATED: Self = Self(());
}
