//! The words of the ways out; `messages.txt` has each message as users read it.

/// The first way out of each change.
pub(super) const PUT_BACK: &str = "\neither: put it back as it was";

/// The first way out of a change of what the fields of a newer version declare.
pub(super) const PUT_BACK_DECLARED: &str =
    "\neither: put back what is declared, and what it is declared of, as it was";

/// The way out of a change that breaks nothing; the other direction is one that a lock does not decide.
pub(super) const KEEP: &str = "\nor:     keep it, because this program still reads every old payload: run \
     `cargo esrs lock`, which adds it to the lock; the version stays {version}\
     \n        (whether older programs that still run read new payloads is told by \
     `cargo esrs lock --check --rolling REF`)";

/// Of the struct of an older version, which cannot have been meant.
pub(super) const OLD_VERSION: &str = "\nput it back as it was, because `{ident}` is an old version, and make \
     the change in the newest one";

/// The same of a type that the struct holds.
pub(super) const OLD_VERSION_HOLDS_IT: &str = "\neither: put it back as it was, because `{ident}` is an old \
     version, and make the change in the newest one\
     \nor:     if the change is meant for newer versions, keep a copy of the old type, and let `{ident}` hold \
     that";

/// Of an older version that the fields of a newer one declare.
pub(super) const DECLARE_IT: &str = "\nor:     declare what changed, in a version that is not locked yet: \
     `added(…)`, `renamed(…)` or `retyped(…)` on the field, `removed(…)` in the `#[event(…)]`, or \
     `updated(…)` on the field where its type declares the change";

/// Of two names that are read as one.
pub(super) const WITHOUT_ALIAS: &str =
    "\nor:     take the alias away; what became of the other part is then a change of its own";

/// Of the only variant of an enum with a tag, which may be the name of a struct.
pub(super) const RENAMED_VARIANT_OR_STRUCT: &str = "\nor:     if it is the name of a struct with `tag`, write \
     `#[serde(rename = \"{name}\")]` on the struct; if it is a variant that was renamed, write \
     `#[serde(alias = \"{name}\")]` on it, and run `cargo esrs lock`; the version stays {version}";

/// Of a field or a variant that is gone.
pub(super) const RENAMED: &str = "\nor:     if it was renamed, write `#[serde(alias = \"{name}\")]` on it, and \
     run `cargo esrs lock`; the version stays {version}";

/// Of a field that is new.
pub(super) const LET_IT_BE_ABSENT: &str = "\nor:     let it be absent, by an `Option` or `#[serde(default)]`, \
     and run `cargo esrs lock`; the version stays {version}";

/// Of a field of the event that is gone.
pub(super) const REMOVED_FROM_EVENT: &str = "\nor:     if it was removed, write `version = {next}, {removed}` \
     in the `#[event(…)]` of `{ident}`, where `OldType` is the type it had";

/// Of a field of the event.
pub(super) const DECLARED_ON_EVENT: &str = "\nor:     write `version = {next}` in the `#[event(…)]` of \
     `{ident}`, and `#[event({declaration})]` on {path}{where}";

/// Of anything within a field of the event, which is then of another type.
pub(super) const RETYPED_ON_EVENT: &str = "\nor:     write `version = {next}` in the `#[event(…)]` of \
     `{ident}`, and `#[event(retyped(from = OldType, in = {next}, with = function))]` on {path}{where}, with \
     all in it that changed";

/// Of a part of a type that the event holds.
pub(super) const FROM_THE_INSIDE_OUT: &str =
    "\nor:     {if}declare what changed, from the inside out:";

/// A condition of that.
pub(super) const IF_REMOVED: &str = "if it was removed, ";

/// A condition of that.
pub(super) const IF_RENAMED: &str = "if it was renamed, ";

/// The first step, of a variant.
pub(super) const RENAMED_ON_VARIANT: &str = "\n        1. write `#[schema(version = 2)]` on the enum that had \
     {path}, and `#[schema(renamed(from = \"{name}\", in = 2))]` on the variant";

/// The first step, of a field that is gone.
pub(super) const REMOVED_FROM_TYPE: &str = "\n        1. write `#[schema(version = 2, {removed})]` on the type \
     that had {path}, where `OldType` is the type it had there";

/// The first step, of any other field.
pub(super) const DECLARED_ON_TYPE: &str = "\n        1. write `#[schema(version = 2)]` on the type that has \
     {path}, and `#[schema({declaration})]` on that field{where}";

/// A step on the way.
pub(super) const UPDATED_ON_TYPE: &str = "\n        {number}. write `#[schema(version = 2)]` on the type that \
     has {path}, and `#[schema(updated(in = 2, from = 1))]` on that field";

/// The last step.
pub(super) const UPDATED_ON_EVENT: &str = "\n        {number}. write `version = {next}` in the `#[event(…)]` of \
     `{ident}`, and `#[event(updated(in = {next}, from = 1))]` on {path}\
     \n        (`version = 2` is for a type without `#[schema(version = …)]` so far; any other takes its next \
     version, and is `updated` from its last; a newtype on the way declares `updated` on its place, and a \
     generic type, or one with `from` and `into`, has an `impl PastVersion<1>` instead, which for the latter \
     is accepted by `cargo esrs lock --accept-steps {event}`)";

/// Of every change.
pub(super) const STRUCT_KEPT: &str = "\nor:     keep a copy of the struct as it was, with its attributes and \
     what it holds, as `{old}`; write `version = {next}, from = {old}` in the `#[event(…)]` of `{ident}`, and \
     `impl Upcast<{old}> for {ident} {{ fn upcast(old: {old}) -> Self {{ … }} }}`";

/// The name of that copy.
pub(super) const OLD_STRUCT: &str = "{ident}V{version}";

/// A declaration on a field.
pub(super) const ADDED: &str = "added(in = {next}, default = …)";

/// A declaration on a field.
pub(super) const RETYPED: &str =
    "retyped(from = OldType, in = {next}, with = {function}{serde}{opaque})";

/// A declaration on an event or a type.
pub(super) const REMOVED: &str =
    "removed(name = \"{name}\", ty = OldType, in = {next}{opaque}{serde})";

/// A word of a declaration: the attributes of serde that the field had.
pub(super) const SERDE: &str = ", serde({words})";

/// One of those attributes.
pub(super) const ALIAS: &str = "alias = \"{name}\"";

/// A word of a declaration: the opaque shape that the field had.
pub(super) const OPAQUE: &str = ", opaque = \"{name}\"";

/// The function of a field whose type is the same.
pub(super) const IDENTITY: &str = "std::convert::identity";

/// The function of a field of another type.
pub(super) const FUNCTION: &str = "function";

/// Explains a declaration.
pub(super) const WHERE_DEFAULT: &str = ", where `default` is what old payloads are to have there";

/// Explains a declaration.
pub(super) const WHERE_SAME_TYPE: &str = ", where `OldType` is the type it has";

/// Explains a declaration of a type that its owner changed.
pub(super) const WHERE_COPY: &str =
    ", where `function` makes the new value of an `OldType`, a copy of its type as it was";

/// Explains a declaration.
pub(super) const WHERE_FUNCTION: &str =
    ", where `function` makes the new value of an `OldType`, its type as it was";
