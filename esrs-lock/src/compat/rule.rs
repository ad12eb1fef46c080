//! The rules of compatibility: each kind of change, and its effect on old payloads.

/// A change of a shape between what is locked and what is there now.
///
/// A *compatible* change leaves every old payload readable, with what it said. All others break: a
/// version of their own has to say what the old payload means now. Neither is accepted in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A field is new, and may be absent.
    OptionalFieldAdded,
    /// A variant is new.
    VariantAdded,
    /// A number has more room than it had, and none of its values is lost.
    WiderNumber,
    /// A value may be null that could not be.
    MayBeNull,
    /// A field may be absent that had to be there.
    MayBeAbsent,
    /// A field that is absent is `None` with and without its `default`.
    AbsentIsNone,
    /// A field or a variant is read by one more name.
    AliasAdded,
    /// A field or a variant has a new name, and is still read by its old one.
    RenamedWithAlias,
    /// Fields that are not known are skipped, and were an error.
    NoLongerClosed,
    /// A text of some format may be any text.
    AnyText,
    /// A list of a fixed length may be of any.
    AnyLength,
    /// A list may hold an item twice, and was a set.
    MayRepeat,
    /// A value may be anything.
    BecameAny,
    /// A field is new, and has to be there.
    FieldAdded,
    /// A field is gone, and what it said would be lost.
    FieldRemoved,
    /// A variant is gone.
    VariantRemoved,
    /// A name that it was read by is gone.
    AliasRemoved,
    /// A field has to be there that could be absent.
    NowRequired,
    /// A field that is absent is read as another value.
    AbsentChanged,
    /// A value may not be null any more.
    NoLongerNull,
    /// One part answers to the names of two that were stored apart.
    NamesMerged,
    /// A name is read next to a flattened field, which may hold it in what is stored.
    TakenFromFlattened,
    /// A list became a set, which holds each item once.
    NowSet,
    /// A number has not the room that it had, or is of another kind.
    NarrowerNumber,
    /// Fields that are not known are an error, and were skipped.
    NowClosed,
    /// The variants of an enum are told apart in another way.
    OtherRepresentation,
    /// It is something else.
    TypeChanged,
}

impl Rule {
    /// All of them, the compatible ones first.
    pub const ALL: &'static [Self] = &[
        Self::OptionalFieldAdded,
        Self::VariantAdded,
        Self::WiderNumber,
        Self::MayBeNull,
        Self::MayBeAbsent,
        Self::AbsentIsNone,
        Self::AliasAdded,
        Self::RenamedWithAlias,
        Self::NoLongerClosed,
        Self::AnyText,
        Self::AnyLength,
        Self::MayRepeat,
        Self::BecameAny,
        Self::FieldAdded,
        Self::FieldRemoved,
        Self::VariantRemoved,
        Self::AliasRemoved,
        Self::NowRequired,
        Self::AbsentChanged,
        Self::NoLongerNull,
        Self::NamesMerged,
        Self::TakenFromFlattened,
        Self::NowSet,
        Self::NarrowerNumber,
        Self::NowClosed,
        Self::OtherRepresentation,
        Self::TypeChanged,
    ];

    /// Returns true if every payload that was stored before is read with the same meaning.
    pub const fn is_compatible(self) -> bool {
        matches!(
            self,
            Self::OptionalFieldAdded
                | Self::VariantAdded
                | Self::WiderNumber
                | Self::MayBeNull
                | Self::MayBeAbsent
                | Self::AbsentIsNone
                | Self::AliasAdded
                | Self::RenamedWithAlias
                | Self::NoLongerClosed
                | Self::AnyText
                | Self::AnyLength
                | Self::MayRepeat
                | Self::BecameAny
        )
    }

    /// The rule in a few words, as messages say it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OptionalFieldAdded => "a field was added that may be absent",
            Self::VariantAdded => "a variant was added",
            Self::WiderNumber => "a number got more room",
            Self::MayBeNull => "a value may be null now",
            Self::MayBeAbsent => "a field may be absent now",
            Self::AbsentIsNone => "an absent field is `None`, with a `default` as without it",
            Self::AliasAdded => "an alias was added",
            Self::RenamedWithAlias => "it was renamed, and is still read by its old name",
            Self::NoLongerClosed => "unknown fields are skipped now",
            Self::AnyText => "it may be any text now",
            Self::AnyLength => "a list may be of any length now",
            Self::MayRepeat => "a list may hold an item twice now",
            Self::BecameAny => "it may be anything now",
            Self::FieldAdded => {
                "a field was added that must be there, and no stored payload has it"
            }
            Self::FieldRemoved => {
                "no field is stored under this name any more, and what stored payloads have there would be lost"
            }
            Self::VariantRemoved => {
                "no variant has this name any more, and stored payloads may have it"
            }
            Self::AliasRemoved => "an alias is gone that stored payloads may use",
            Self::NowRequired => "a field must be there now, and stored payloads may lack it",
            Self::AbsentChanged => {
                "a field that stored payloads may lack is read as another value there now"
            }
            Self::NoLongerNull => {
                "a value must not be null now, and stored payloads may have null there"
            }
            Self::NamesMerged => {
                "two parts that were stored under names of their own are read as one now, which cannot tell them apart"
            }
            Self::TakenFromFlattened => {
                "a name is read here that a flattened field may hold in stored payloads"
            }
            Self::NowSet => "a set holds each item once, and stored lists may hold an item twice",
            Self::NarrowerNumber => "stored numbers may not fit any more",
            Self::NowClosed => "unknown fields are refused now, and stored payloads may have some",
            Self::OtherRepresentation => "the variants of an enum are written in another way",
            Self::TypeChanged => "its type has changed",
        }
    }
}
