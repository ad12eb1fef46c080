//! The outline that the core writes of a shape is read into the tree of that shape.

use proptest::prelude::*;

use esrs_lock::tree::{Content, Field, Tag, Tree, Variant};

use super::outline_of;
use crate::schema::{EnumShape, Fingerprint, Item, Shape, StructShape, Tagging};

/// Names that lines are made of, and those that could be taken for a part of one.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_]{1,6}",
        1 => prop::sample::select(vec!["*", "?", "!", ":", "a/b", "a.b", "[]", "{}|", "", "größe", "0"])
            .prop_map(str::to_owned),
        1 => prop::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter),
        1 => "[ \"\\\\/\n\u{1}.|]{1,4}",
    ]
}

fn any_names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any_name(), 0..3)
}

fn any_leaf() -> impl Strategy<Value = Tree> {
    let plain = [Tree::Null, Tree::Bool, Tree::Char, Tree::String, Tree::Any];
    prop_oneof![
        4 => prop::sample::select(plain.to_vec()),
        2 => (any::<bool>(), prop::sample::select(vec![8, 64, 128]))
            .prop_map(|(signed, bits)| Tree::Integer { signed, bits }),
        1 => (any::<bool>(), prop::sample::select(vec![8, 128]))
            .prop_map(|(signed, bits)| Tree::NonZero { signed, bits }),
        1 => prop::sample::select(vec![32, 64]).prop_map(|bits| Tree::Float { bits }),
        1 => prop::sample::select(vec!["uuid", "timestamp", "ipv4"])
            .prop_map(|name| Tree::Format(name.to_owned())),
        1 => prop::sample::select(vec!["geo@1", "a],>?]b@12", "größe@0", "time::Date"])
            .prop_map(|name| Tree::Opaque(name.to_owned())),
    ]
}

fn any_fields(tree: BoxedStrategy<Tree>) -> impl Strategy<Value = Vec<Field>> {
    let field =
        (any_name(), any_names(), 0..3u8, tree).prop_map(|(name, aliases, presence, tree)| Field {
            name,
            aliases,
            optional: presence == 1,
            required: presence == 2,
            tree,
        });
    prop::collection::vec(field, 0..4).prop_map(|fields| unique(fields, |field| field.name.clone()))
}

fn any_variants(tree: BoxedStrategy<Tree>) -> impl Strategy<Value = Vec<Variant>> {
    let content = prop_oneof![
        Just(Content::Unit),
        tree.clone().prop_map(Content::Newtype),
        prop::collection::vec(tree.clone(), 0..3).prop_map(Content::Tuple),
        any_fields(tree).prop_map(Content::Struct),
    ];
    let variant = (any_name(), any_names(), any::<bool>(), content)
        .prop_map(|(name, aliases, other, content)| Variant { name, aliases, other, content });
    prop::collection::vec(variant, 0..4)
        .prop_map(|variants| unique(variants, |variant| variant.name.clone()))
}

fn unique<T>(items: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let mut names = std::collections::HashSet::new();
    items.into_iter().filter(|item| names.insert(name(item))).collect()
}

fn any_tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        Just(Tag::External),
        any_name().prop_map(|tag| Tag::Internal { tag }),
        (any_name(), any_name()).prop_map(|(tag, content)| Tag::Adjacent { tag, content }),
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    any_leaf().prop_recursive(5, 24, 4, |tree| {
        let boxed = || tree.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Tree::Option),
            boxed().prop_map(Tree::Sequence),
            boxed().prop_map(Tree::Set),
            (boxed(), 0..99usize).prop_map(|(item, length)| Tree::Array { item, length }),
            prop::collection::vec(tree.clone(), 0..4).prop_map(Tree::Tuple),
            (boxed(), boxed()).prop_map(|(key, value)| Tree::Map { key, value }),
            (any_fields(tree.clone().boxed()), any::<bool>())
                .prop_map(|(fields, closed)| Tree::Struct { fields, closed }),
            (any_tag(), any_variants(tree.clone().boxed()), any::<bool>())
                .prop_map(|(tag, variants, closed)| Tree::Enum { tag, variants, closed }),
        ]
    })
}

/// The shape that the tree is of; it lives as long as the tests.
fn shape(tree: &Tree) -> &'static Shape {
    Box::leak(Box::new(match tree {
        Tree::Null => Shape::Unit,
        Tree::Bool => Shape::Bool,
        Tree::Integer { signed, bits } => Shape::Integer { signed: *signed, bits: *bits },
        Tree::NonZero { signed, bits } => Shape::NonZero { signed: *signed, bits: *bits },
        Tree::Float { bits } => Shape::Float { bits: *bits },
        Tree::Char => Shape::Char,
        Tree::String => Shape::String,
        Tree::Format(name) => Shape::Format(text(name)),
        Tree::Option(inner) => Shape::Option(shape(inner)),
        Tree::Sequence(item) => Shape::Sequence(shape(item)),
        Tree::Set(item) => Shape::Set(shape(item)),
        Tree::Array { item, length } => Shape::Array { item: shape(item), length: *length },
        Tree::Tuple(items) => Shape::Tuple(shapes(items)),
        Tree::Map { key, value } => Shape::Map { key: shape(key), value: shape(value) },
        Tree::Struct { fields, closed } => {
            let shape = StructShape { fields: field_shapes(fields), closed: *closed };
            Shape::Struct(Box::leak(Box::new(shape)))
        }
        Tree::Enum { tag, variants, closed } => {
            let tagging = match tag {
                Tag::External => Tagging::External,
                Tag::Internal { tag } => Tagging::Internal { tag: text(tag) },
                Tag::Adjacent { tag, content } => {
                    Tagging::Adjacent { tag: text(tag), content: text(content) }
                }
            };
            let variants = variants.iter().map(|variant| crate::schema::Variant {
                name: text(&variant.name),
                aliases: texts(&variant.aliases),
                other: variant.other,
                content: match &variant.content {
                    Content::Unit => crate::schema::Content::Unit,
                    Content::Newtype(tree) => crate::schema::Content::Newtype(item(tree)),
                    Content::Tuple(items) => crate::schema::Content::Tuple(shapes(items)),
                    Content::Struct(fields) => crate::schema::Content::Struct(field_shapes(fields)),
                },
                ..crate::schema::Variant::new("", crate::schema::Content::Unit)
            });
            let shape =
                EnumShape { tagging, variants: leaked(variants.collect()), closed: *closed };
            Shape::Enum(Box::leak(Box::new(shape)))
        }
        Tree::Opaque(name) => Shape::Opaque(text(name)),
        Tree::Any => Shape::Any,
        other => panic!("no shape is written as {other:?}"),
    }))
}

/// Of an outline no fingerprint is a part.
const NONE: Fingerprint = Fingerprint::of_leaf(&Shape::Any);

fn item(tree: &Tree) -> Item {
    Item { shape: shape(tree), fingerprint: NONE, ..Item::opaque(&Shape::Any) }
}

fn shapes(items: &[Tree]) -> &'static [Item] {
    leaked(items.iter().map(item).collect())
}

fn field_shapes(fields: &[Field]) -> &'static [crate::schema::Field] {
    let field = |Field { name, aliases, optional, required, tree }: &Field| crate::schema::Field {
        shape: shape(tree),
        optional: *optional,
        required: *required,
        aliases: texts(aliases),
        ..crate::schema::Field::opaque(text(name), &Shape::Any)
    };
    leaked(fields.iter().map(field).collect())
}

fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn texts(texts: &[String]) -> &'static [&'static str] {
    leaked(texts.iter().map(|one| text(one)).collect())
}

fn leaked<T>(items: Vec<T>) -> &'static [T] {
    Box::leak(items.into_boxed_slice())
}

proptest! {
    #[test]
    fn what_the_compiler_locks_of_a_shape_is_read_into_its_tree(tree in any_tree()) {
        let locked = outline_of(shape(&tree));
        prop_assert_eq!(&Tree::parse(&locked), &Ok(tree.clone()), "{:#?}", locked);
        prop_assert_eq!(tree.outline(), locked);
    }

    #[test]
    fn a_line_that_is_cut_short_is_never_taken_for_the_whole(
        tree in any_tree(), at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut lines = tree.outline();
        let at = at.index(lines.len());
        let letters = lines[at].chars().count();
        lines[at] = lines[at].chars().take(cut.index(letters)).collect();
        prop_assert_ne!(Tree::parse(&lines), Ok(tree));
    }
}
