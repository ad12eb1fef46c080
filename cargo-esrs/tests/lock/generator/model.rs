//! Random types, as a tree that can be edited and written as Rust.

/// Dice that fall the same way for the same seed: SplitMix64, by Sebastiano Vigna.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, many: usize) -> usize {
        usize::try_from(self.next() % many.max(1) as u64).unwrap()
    }

    pub(crate) fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

/// A type of Rust.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ty {
    Unit,
    Bool,
    Int { signed: bool, bits: u16, nonzero: bool },
    Float(u16),
    Char,
    Text,
    Uuid,
    Any,
    Option(Box<Ty>),
    List(Box<Ty>),
    Set(Box<Ty>),
    Array(Box<Ty>, usize),
    Tuple(Vec<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Boxed(Box<Ty>),
    Newtype { inner: Box<Ty>, transparent: bool },
    Places(Vec<Ty>),
    Struct(Struct),
    Enum(Enum),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) closed: bool,
    /// True if all fields have a default, that of the struct.
    pub(crate) default: bool,
    /// True if its names are written in upper case.
    pub(crate) upper: bool,
    pub(crate) tag: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) aliases: Vec<&'static str>,
    pub(crate) default: bool,
    /// True if it is left out where it is `None`.
    pub(crate) skipped: bool,
    pub(crate) flatten: bool,
    /// True if its default is another value than that of its type.
    pub(crate) filled: bool,
    /// True if it is left out both ways.
    pub(crate) skip: bool,
    pub(crate) ty: Ty,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Enum {
    pub(crate) tagging: Tagging,
    pub(crate) closed: bool,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tagging {
    External,
    Internal(&'static str),
    Adjacent(&'static str, &'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) aliases: Vec<&'static str>,
    pub(crate) other: bool,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Unit,
    Newtype(Ty),
    Places(Vec<Ty>),
    Fields(Vec<Field>),
}

/// Few names, so that those of tags, fields, aliases and variants meet.
pub(crate) const FIELDS: &[&str] = &["a", "b", "c", "d", "t"];
pub(crate) const VARIANTS: &[&str] = &["A", "B", "C", "t"];
pub(crate) const TAGGINGS: &[Tagging] = &[
    Tagging::External,
    Tagging::External,
    Tagging::Internal("t"),
    Tagging::Internal("k"),
    Tagging::Adjacent("t", "c"),
    Tagging::Adjacent("k", "t"),
];

pub(crate) fn any_leaf(dice: &mut Dice) -> Ty {
    match dice.below(12) {
        0 => Ty::Unit,
        1 => Ty::Bool,
        2..=4 => any_integer(dice),
        5 => Ty::Float(dice.of(&[32, 64])),
        6 => Ty::Char,
        7 => Ty::Uuid,
        8 => Ty::Any,
        _ => Ty::Text,
    }
}

fn any_integer(dice: &mut Dice) -> Ty {
    let bits = dice.of(&[8, 8, 16, 32, 64, 64, 128]);
    Ty::Int { signed: dice.once_in(2), bits, nonzero: dice.once_in(4) }
}

/// A type that can be a key of a map, or an item of a set.
pub(crate) fn any_key(dice: &mut Dice) -> Ty {
    match dice.below(6) {
        0 => any_integer(dice),
        1 => Ty::Char,
        2 => Ty::Bool,
        3 => {
            let mut any = any_enum(dice, 0);
            any.tagging = Tagging::External;
            any.variants.iter_mut().for_each(|variant| variant.content = Content::Unit);
            any.variants.iter_mut().for_each(|variant| variant.other = false);
            Ty::Enum(any)
        }
        _ => Ty::Text,
    }
}

pub(crate) fn any_type(dice: &mut Dice, depth: usize) -> Ty {
    if depth == 0 {
        return any_leaf(dice);
    }
    let inner = |dice: &mut Dice| Box::new(any_type(dice, depth - 1));
    match dice.below(22) {
        0..=3 => any_leaf(dice),
        4 | 5 => Ty::Option(inner(dice)),
        6 => Ty::List(inner(dice)),
        7 => Ty::Set(Box::new(any_key(dice))),
        8 => Ty::Array(inner(dice), dice.below(4)),
        9 | 10 => Ty::Tuple(any_types(dice, depth, 1)),
        11 | 12 => Ty::Map(Box::new(any_key(dice)), inner(dice)),
        13 => Ty::Boxed(inner(dice)),
        14 => Ty::Newtype { inner: inner(dice), transparent: dice.once_in(3) },
        15 => Ty::Places(any_types(dice, depth, 2)),
        16..=18 => Ty::Enum(any_enum(dice, depth - 1)),
        _ => Ty::Struct(any_struct(dice, depth - 1)),
    }
}

fn any_types(dice: &mut Dice, depth: usize, least: usize) -> Vec<Ty> {
    (0..least + dice.below(3)).map(|_| any_type(dice, depth - 1)).collect()
}

pub(crate) fn any_struct(dice: &mut Dice, depth: usize) -> Struct {
    let tag = dice.once_in(8).then(|| dice.of(&["t", "k"]));
    let fields = any_fields(dice, depth);
    let (default, upper) = (dice.once_in(10), dice.once_in(10));
    Struct { fields, closed: dice.once_in(6), default, upper, tag }
}

fn any_fields(dice: &mut Dice, depth: usize) -> Vec<Field> {
    (0..1 + dice.below(3)).map(|_| any_field(dice, depth)).collect()
}

pub(crate) fn any_field(dice: &mut Dice, depth: usize) -> Field {
    let mut ty = any_type(dice, depth);
    let flatten = dice.once_in(12);
    if flatten {
        ty = match dice.below(3) {
            0 => Ty::Struct(any_struct(dice, 0)),
            1 => Ty::Option(Box::new(Ty::Struct(any_struct(dice, 0)))),
            _ => Ty::Map(Box::new(Ty::Text), Box::new(Ty::Any)),
        };
    }
    let skipped = matches!(ty, Ty::Option(_)) && dice.once_in(2) && !flatten;
    let default = dice.once_in(5) && !flatten;
    let aliases = if dice.once_in(5) && !flatten { vec![dice.of(FIELDS)] } else { vec![] };
    let skip = is_default(&ty) && dice.once_in(12) && !flatten;
    let filled = default && matches!(ty, Ty::Option(_)) && dice.once_in(2);
    Field { name: dice.of(FIELDS), aliases, default, skipped, flatten, filled, skip, ty }
}

pub(crate) fn any_enum(dice: &mut Dice, depth: usize) -> Enum {
    let variants = (0..1 + dice.below(3)).map(|_| any_variant(dice, depth)).collect();
    Enum { tagging: dice.of(TAGGINGS), closed: dice.once_in(8), variants }
}

pub(crate) fn any_variant(dice: &mut Dice, depth: usize) -> Variant {
    let aliases = if dice.once_in(6) { vec![dice.of(VARIANTS)] } else { vec![] };
    let content = any_content(dice, depth);
    let other = content == Content::Unit && dice.once_in(6);
    Variant { name: dice.of(VARIANTS), aliases, other, content }
}

pub(crate) fn any_content(dice: &mut Dice, depth: usize) -> Content {
    match dice.below(6) {
        0 | 1 => Content::Newtype(any_type(dice, depth)),
        2 => Content::Places(any_types(dice, depth.max(1), 2)),
        3 => Content::Fields(any_fields(dice, depth)),
        _ => Content::Unit,
    }
}

/// Returns true if the type has a `Default`.
fn is_default(ty: &Ty) -> bool {
    match ty {
        Ty::Unit | Ty::Bool | Ty::Float(_) | Ty::Text | Ty::Option(_) | Ty::List(_) => true,
        Ty::Int { nonzero, .. } => !nonzero,
        _ => false,
    }
}

/// The type that a type is on the wire.
fn wire(ty: &Ty) -> &Ty {
    match ty {
        Ty::Boxed(inner) | Ty::Newtype { inner, .. } => wire(inner),
        ty => ty,
    }
}

fn is_distinct<'a>(names: impl Iterator<Item = &'a &'static str>) -> bool {
    let mut met = std::collections::BTreeSet::new();
    names.into_iter().all(|name| met.insert(*name))
}

/// Returns true if serde and the derive take the type, and every value of it comes back.
pub(crate) fn is_right(ty: &Ty) -> bool {
    check(ty, false)
}

fn check(ty: &Ty, buffered: bool) -> bool {
    let is_wide = |ty: &Ty| matches!(ty, Ty::Int { bits: 128, .. });
    match ty {
        Ty::Unit | Ty::Bool | Ty::Float(_) | Ty::Char | Ty::Text | Ty::Uuid | Ty::Any => true,
        Ty::Int { .. } => !(buffered && is_wide(ty)),
        Ty::Option(inner) => {
            !matches!(wire(inner), Ty::Option(_) | Ty::Unit | Ty::Any) && check(inner, buffered)
        }
        Ty::List(inner) | Ty::Array(inner, _) | Ty::Boxed(inner) => check(inner, buffered),
        Ty::Set(item) => is_key(item) && check(item, buffered),
        Ty::Newtype { inner, .. } => check(inner, buffered),
        Ty::Tuple(items) => !items.is_empty() && items.iter().all(|item| check(item, buffered)),
        Ty::Places(items) => items.len() > 1 && items.iter().all(|item| check(item, buffered)),
        Ty::Map(key, value) => {
            let is_read = !buffered || !matches!(**key, Ty::Int { .. } | Ty::Bool);
            is_key(key) && is_read && check(key, buffered) && check(value, buffered)
        }
        Ty::Struct(shape) => {
            let all_flat = shape.fields.iter().any(|field| field.flatten);
            let has_tag = |tag: &str| shape.fields.iter().any(|field| answers(field, tag));
            let is_option = |field: &Field| matches!(field.ty, Ty::Option(_));
            let defaults = shape.fields.iter();
            let mut defaults = defaults.map(|field| has_default(&field.ty) && !is_option(field));
            fields_are_right(&shape.fields, buffered)
                && (!shape.default || defaults.all(|default| default))
                && !(all_flat && (shape.closed || shape.default || shape.tag.is_some()))
                && shape.tag.is_none_or(|tag| !has_tag(tag))
                // serde refuses the tag of such a struct as an unknown field, so it reads nothing it wrote.
                && !(shape.closed && shape.tag.is_some())
        }
        Ty::Enum(any) => enum_is_right(any, buffered),
    }
}

/// Returns true if the value of an absent field is the same after an edit: no enum that may have another variant.
fn has_default(ty: &Ty) -> bool {
    match ty {
        // The value of another width, or of a text, would be another.
        Ty::Enum(_) | Ty::Array(..) | Ty::Char | Ty::Uuid | Ty::Any => false,
        Ty::Option(inner) | Ty::List(inner) | Ty::Set(inner) => has_default(inner),
        // The default of an `Option` is what serde reads of one that is absent, also around it.
        Ty::Boxed(inner) | Ty::Newtype { inner, .. } => {
            !matches!(wire(inner), Ty::Option(_)) && has_default(inner)
        }
        Ty::Tuple(items) | Ty::Places(items) => items.iter().all(has_default),
        Ty::Map(key, value) => has_default(key) && has_default(value),
        Ty::Struct(shape) => shape.fields.iter().all(|field| has_default(&field.ty)),
        _ => true,
    }
}

fn answers(field: &Field, name: &str) -> bool {
    field.flatten || field.name == name || field.aliases.contains(&name)
}

/// A key of a map, or an item of a set, which is compared.
fn is_key(ty: &Ty) -> bool {
    match ty {
        Ty::Int { .. } | Ty::Char | Ty::Bool | Ty::Text => true,
        Ty::Enum(any) => {
            any.tagging == Tagging::External
                && any.variants.iter().all(|variant| variant.content == Content::Unit)
        }
        _ => false,
    }
}

fn fields_are_right(fields: &[Field], buffered: bool) -> bool {
    let named = || fields.iter().filter(|field| !field.flatten);
    let names = named().flat_map(|field| std::iter::once(&field.name).chain(&field.aliases));
    is_distinct(names)
        && is_distinct(fields.iter().map(|field| &field.name))
        && fields.iter().filter(|field| field.flatten).count() < 2
        && fields.iter().all(|field| {
            let is_flat = match &field.ty {
                Ty::Map(key, _) => **key == Ty::Text,
                Ty::Option(inner) => matches!(**inner, Ty::Struct(_)),
                ty => matches!(ty, Ty::Struct(_)),
            };
            let is_plain = !field.default && !field.skipped && field.aliases.is_empty();
            let is_skipped = !field.skipped || matches!(field.ty, Ty::Option(_));
            (!field.flatten || (is_flat && is_plain && flat_is_right(&field.ty, fields)))
                && is_skipped
                && (!field.skip || (is_default(&field.ty) && !field.flatten))
                && (!field.default || has_default(&field.ty))
                && (!field.filled || (field.default && matches!(field.ty, Ty::Option(_))))
                && check(&field.ty, buffered || field.flatten)
        })
}

/// Returns true if no other field of the object answers to a name of what is spread.
fn flat_is_right(ty: &Ty, fields: &[Field]) -> bool {
    let spread = match ty {
        Ty::Struct(shape) => shape,
        Ty::Option(inner) => match &**inner {
            Ty::Struct(shape) => shape,
            _ => return true,
        },
        _ => return true,
    };
    let is_taken = |name: &str| fields.iter().any(|f| !f.flatten && answers(f, name));
    let names = spread.fields.iter();
    let mut names = names.flat_map(|field| std::iter::once(&field.name).chain(&field.aliases));
    !spread.closed
        && spread.tag.is_none_or(|tag| !is_taken(tag))
        && !spread.fields.iter().any(|field| field.flatten)
        && !names.any(|name| is_taken(name))
}

fn enum_is_right(any: &Enum, buffered: bool) -> bool {
    let names = any.variants.iter();
    let names = names.flat_map(|variant| std::iter::once(&variant.name).chain(&variant.aliases));
    let is_tagged = matches!(any.tagging, Tagging::Internal(_));
    let others = any.variants.iter().filter(|variant| variant.other).count();
    let last = any.variants.last();
    !any.variants.is_empty()
        && is_distinct(names)
        && others < 2
        && (others == 0 || (any.tagging != Tagging::External && last.is_some_and(|v| v.other)))
        && any.variants.iter().all(|variant| {
            // A content that comes before its tag is buffered, too.
            let buffered = buffered || any.tagging != Tagging::External;
            let content = match &variant.content {
                Content::Unit => true,
                Content::Newtype(ty) => {
                    let is_put = match any.tagging {
                        Tagging::Internal(tag) => takes_tag(ty, tag),
                        _ => true,
                    };
                    is_put && check(ty, buffered)
                }
                Content::Places(items) => {
                    !is_tagged && items.len() > 1 && items.iter().all(|item| check(item, buffered))
                }
                Content::Fields(fields) => {
                    let is_clear = match any.tagging {
                        Tagging::Internal(tag) => !fields.iter().any(|f| answers(f, tag)),
                        _ => true,
                    };
                    let is_flat = fields.iter().any(|field| field.flatten);
                    is_clear && !is_flat && fields_are_right(fields, buffered)
                }
            };
            content && (!variant.other || variant.content == Content::Unit)
        })
}

/// Returns true if a tag can be put among the members of a value.
fn takes_tag(ty: &Ty, tag: &str) -> bool {
    match wire(ty) {
        Ty::Struct(shape) => {
            shape.tag != Some(tag) && !shape.fields.iter().any(|field| field.name == tag)
        }
        Ty::Enum(any) => match any.tagging {
            Tagging::External => !any.variants.iter().any(|variant| variant.name == tag),
            Tagging::Adjacent(other, content) => other != tag && content != tag,
            Tagging::Internal(other) => {
                other != tag
                    && any.variants.iter().all(|variant| match &variant.content {
                        Content::Newtype(ty) => takes_tag(ty, tag),
                        Content::Fields(fields) => !fields.iter().any(|f| f.name == tag),
                        _ => true,
                    })
            }
        },
        Ty::Map(key, _) => **key == Ty::Text,
        Ty::Any | Ty::Unit => true,
        _ => false,
    }
}

/// A type that serde and the derive take.
pub(crate) fn any_right(dice: &mut Dice) -> Ty {
    loop {
        let ty = match dice.below(4) {
            0 => Ty::Enum(any_enum(dice, 2)),
            1 => any_type(dice, 2),
            _ => Ty::Struct(any_struct(dice, 2)),
        };
        if is_right(&ty) {
            return ty;
        }
    }
}
