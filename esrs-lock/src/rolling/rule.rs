//! The rules for an older program that reads the payloads of a newer one.

use crate::compat::Rule;

/// A difference between the shape that a newer program writes and the one that an older program reads.
///
/// A *compatible* one lets the older program read each payload, with all of it that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RollingRule {
    /// A field is written that the older program skips.
    FieldSkipped,
    /// A field is not written any more, and may be absent.
    OptionalFieldNotWritten,
    /// A variant is not written any more.
    VariantNotWritten,
    /// A variant is written that the older program reads as its `other`.
    VariantReadAsOther,
    /// A field or a variant is written under a name that the older program reads as an alias.
    NameReadAsAlias,
    /// A value is one of those that the older program reads.
    ReadAsMore,
    /// A field is not written any more, and has to be there.
    FieldNotWritten,
    /// A field is written, and the older program refuses unknown fields.
    UnknownFieldRefused,
    /// A field is written that a flattened field of the older program would take.
    TakenByFlattened,
    /// A flattened field is written, and what it holds may have the name of another.
    FlattenedWritten,
    /// A variant is written that the older program does not know.
    VariantUnknown,
    /// A field or a variant is written under a new name.
    NameUnknown,
    /// The older program reads two names as one.
    NamesReadAsOne,
    /// A field may be left out that has to be there.
    MayBeLeftOut,
    /// A value may be null, and null is not read.
    MayBeNull,
    /// A list may hold an item twice, and is read as a set.
    MayRepeat,
    /// A number may have more room than the one that is read.
    NumberTooWide,
    /// A tuple has another number of places.
    OtherLength,
    /// The variants of an enum are told apart in another way.
    OtherRepresentation,
    /// It is something else.
    OtherType,
}

impl RollingRule {
    /// All of them, the compatible ones first.
    pub const ALL: &'static [Self] = &[
        Self::FieldSkipped,
        Self::OptionalFieldNotWritten,
        Self::VariantNotWritten,
        Self::VariantReadAsOther,
        Self::NameReadAsAlias,
        Self::ReadAsMore,
        Self::FieldNotWritten,
        Self::UnknownFieldRefused,
        Self::TakenByFlattened,
        Self::FlattenedWritten,
        Self::VariantUnknown,
        Self::NameUnknown,
        Self::NamesReadAsOne,
        Self::MayBeLeftOut,
        Self::MayBeNull,
        Self::MayRepeat,
        Self::NumberTooWide,
        Self::OtherLength,
        Self::OtherRepresentation,
        Self::OtherType,
    ];

    /// Returns true if the older program reads every payload, and all of it that it knows.
    pub const fn is_compatible(self) -> bool {
        matches!(
            self,
            Self::FieldSkipped
                | Self::OptionalFieldNotWritten
                | Self::VariantNotWritten
                | Self::VariantReadAsOther
                | Self::NameReadAsAlias
                | Self::ReadAsMore
        )
    }

    /// The rule in a few words, as messages say it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::FieldSkipped => "the old program skips the new field",
            Self::OptionalFieldNotWritten => {
                "the field is not written any more, and may be absent in the old program"
            }
            Self::VariantNotWritten => "the variant is not written any more",
            Self::VariantReadAsOther => "the old program reads the new variant as its `other`",
            Self::NameReadAsAlias => "the old program reads the new name as an alias",
            Self::ReadAsMore => "the old program reads all that is written, and more",
            Self::FieldNotWritten => {
                "the field is not written any more, and the old program requires it"
            }
            Self::UnknownFieldRefused => "the old program refuses unknown fields",
            Self::TakenByFlattened => {
                "a flattened field of the old program may take the new field for its own"
            }
            Self::FlattenedWritten => {
                "the old program does not know the flattened field, whose names may be those of others"
            }
            Self::VariantUnknown => "the old program does not know the new variant",
            Self::NameUnknown => "the old program does not read the new name",
            Self::NamesReadAsOne => {
                "the old program reads two names as one, and cannot tell them apart"
            }
            Self::MayBeLeftOut => {
                "the field may be left out, and the old program requires it, or reads another value there"
            }
            Self::MayBeNull => "the value may be null, which the old program does not read",
            Self::MayRepeat => {
                "the list may hold an item twice, and the old program reads it as a set"
            }
            Self::NumberTooWide => "the number may not fit into that of the old program",
            Self::OtherLength => "the tuple has another number of places in the old program",
            Self::OtherRepresentation => {
                "the old program reads the variants of the enum in another way"
            }
            Self::OtherType => "the old program reads another type",
        }
    }

    /// The rule of a value that is written and read; names and fields were matched before.
    pub(super) const fn of(rule: Rule) -> Self {
        match rule {
            Rule::OptionalFieldAdded => Self::OptionalFieldNotWritten,
            Rule::VariantAdded => Self::VariantNotWritten,
            Rule::AliasAdded | Rule::RenamedWithAlias => Self::NameReadAsAlias,
            Rule::WiderNumber
            | Rule::MayBeNull
            | Rule::MayBeAbsent
            | Rule::AbsentIsNone
            | Rule::NoLongerClosed
            | Rule::AnyText
            | Rule::AnyLength
            | Rule::MayRepeat
            | Rule::BecameAny => Self::ReadAsMore,
            Rule::FieldAdded => Self::FieldNotWritten,
            Rule::FieldRemoved | Rule::TakenFromFlattened => Self::FlattenedWritten,
            Rule::VariantRemoved => Self::VariantUnknown,
            Rule::AliasRemoved => Self::NameUnknown,
            Rule::NowRequired | Rule::AbsentChanged => Self::MayBeLeftOut,
            Rule::NoLongerNull => Self::MayBeNull,
            Rule::NamesMerged => Self::NamesReadAsOne,
            Rule::NowSet => Self::MayRepeat,
            Rule::NarrowerNumber => Self::NumberTooWide,
            Rule::NowClosed => Self::UnknownFieldRefused,
            Rule::OtherRepresentation => Self::OtherRepresentation,
            Rule::TypeChanged => Self::OtherType,
        }
    }
}
