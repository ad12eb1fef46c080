//! Random edits of a type.

use super::model::{
    Content, Dice, Enum, FIELDS, Field, Struct, TAGGINGS, Ty, VARIANTS, any_content, any_field,
    any_key, any_leaf, any_type, any_variant, is_right,
};

/// The type after one edit somewhere in it, which serde and the derive take.
pub(crate) fn edited(ty: &Ty, dice: &mut Dice) -> Ty {
    loop {
        let mut edited = ty.clone();
        let place = dice.below(count(ty));
        visit(&mut edited, &mut { place }, &mut |ty| edit(ty, dice));
        if edited != *ty && is_right(&edited) {
            return edited;
        }
    }
}

fn parts(ty: &mut Ty) -> Vec<&mut Ty> {
    fn of_fields(fields: &mut [Field]) -> impl Iterator<Item = &mut Ty> {
        fields.iter_mut().map(|field| &mut field.ty)
    }
    match ty {
        Ty::Option(inner)
        | Ty::List(inner)
        | Ty::Set(inner)
        | Ty::Array(inner, _)
        | Ty::Boxed(inner)
        | Ty::Newtype { inner, .. } => vec![inner],
        Ty::Tuple(items) | Ty::Places(items) => items.iter_mut().collect(),
        Ty::Map(key, value) => vec![key, value],
        Ty::Struct(shape) => of_fields(&mut shape.fields).collect(),
        Ty::Enum(any) => {
            let mut parts = Vec::new();
            for variant in &mut any.variants {
                match &mut variant.content {
                    Content::Unit => {}
                    Content::Newtype(ty) => parts.push(ty),
                    Content::Places(items) => parts.extend(items),
                    Content::Fields(fields) => parts.extend(of_fields(fields)),
                }
            }
            parts
        }
        _ => Vec::new(),
    }
}

fn count(ty: &Ty) -> usize {
    let mut ty = ty.clone();
    1 + parts(&mut ty).into_iter().map(|part| count(part)).sum::<usize>()
}

fn visit(ty: &mut Ty, place: &mut usize, edit: &mut impl FnMut(&mut Ty)) {
    if *place == 0 {
        *place = usize::MAX;
        return edit(ty);
    }
    *place -= 1;
    for part in parts(ty) {
        if *place == usize::MAX {
            return;
        }
        visit(part, place, edit);
    }
}

fn edit(ty: &mut Ty, dice: &mut Dice) {
    let is_of_parts = matches!(ty, Ty::Struct(_) | Ty::Enum(_) | Ty::Places(_) | Ty::Tuple(_));
    if !dice.once_in(if is_of_parts { 12 } else { 3 }) {
        match ty {
            Ty::Int { signed, bits, nonzero } => match dice.below(5) {
                0 => *signed = !*signed,
                1 | 2 => *nonzero = !*nonzero,
                _ => *bits = dice.of(&[8, 16, 32, 64, 128]),
            },
            Ty::Float(bits) => *bits = dice.of(&[32, 64]),
            Ty::List(inner) => match dice.below(3) {
                0 => *ty = Ty::Array(inner.clone(), dice.below(4)),
                _ => *ty = Ty::Set(inner.clone()),
            },
            Ty::Set(inner) => *ty = Ty::List(inner.clone()),
            Ty::Array(inner, length) => match dice.below(3) {
                0 => *length = dice.below(4),
                1 => *ty = Ty::Tuple(vec![(**inner).clone(); *length]),
                _ => *ty = Ty::List(inner.clone()),
            },
            Ty::Option(inner) => match dice.below(3) {
                0 => *ty = Ty::Any,
                1 => {
                    *ty = Ty::Newtype { inner: Box::new(ty.clone()), transparent: dice.once_in(3) }
                }
                _ => *ty = (**inner).clone(),
            },
            Ty::Newtype { inner, transparent } => match dice.once_in(2) {
                true => *ty = (**inner).clone(),
                false => *transparent = !*transparent,
            },
            Ty::Boxed(inner) => *ty = (**inner).clone(),
            Ty::Map(key, _) => **key = any_key(dice),
            Ty::Tuple(items) | Ty::Places(items) => edit_places(items, dice),
            Ty::Struct(shape) => edit_struct(shape, dice),
            Ty::Enum(any) => edit_enum(any, dice),
            _ => replace(ty, dice),
        }
        return;
    }
    replace(ty, dice);
}

/// Another type instead of it, or around it.
fn replace(ty: &mut Ty, dice: &mut Dice) {
    let inner = Box::new(ty.clone());
    *ty = match dice.below(12) {
        0 | 1 => Ty::Option(inner),
        2 => Ty::List(inner),
        3 => Ty::Boxed(inner),
        4 => Ty::Newtype { inner, transparent: dice.once_in(3) },
        5 | 6 => Ty::Any,
        7 => Ty::Text,
        8 => Ty::Tuple(vec![(*inner).clone()]),
        9 => any_type(dice, 1),
        _ => any_leaf(dice),
    };
}

fn edit_places(items: &mut Vec<Ty>, dice: &mut Dice) {
    match dice.below(4) {
        0 => items.push(Ty::Option(Box::new(any_leaf(dice)))),
        1 => items.push(any_leaf(dice)),
        2 => {
            items.pop();
        }
        _ => items.reverse(),
    }
}

fn edit_struct(shape: &mut Struct, dice: &mut Dice) {
    match dice.below(16) {
        0 => shape.closed = !shape.closed,
        3 => shape.upper = !shape.upper,
        1 => shape.default = !shape.default,
        2 => shape.tag = if shape.tag.is_some() { None } else { Some("t") },
        _ => edit_fields(&mut shape.fields, dice),
    }
}

fn edit_fields(fields: &mut Vec<Field>, dice: &mut Dice) {
    if fields.is_empty() {
        return fields.push(any_field(dice, 1));
    }
    let place = dice.below(fields.len());
    let name = dice.of(FIELDS);
    match dice.below(16) {
        0 | 1 => fields.push(any_field(dice, 1)),
        2 => {
            let mut field = any_field(dice, 0);
            field.ty = Ty::Option(Box::new(field.ty));
            field.flatten = false;
            fields.push(field);
        }
        3 => {
            fields.remove(place);
        }
        4 => fields.reverse(),
        // One of two goes, and the other answers to its name.
        5 if fields.len() > 1 => {
            let gone = fields.remove(place);
            let other = dice.below(fields.len());
            fields[other].aliases.push(gone.name);
        }
        6 => fields[place].name = name,
        7 => {
            let field = &mut fields[place];
            field.aliases.push(field.name);
            field.name = name;
        }
        8 => fields[place].aliases.push(name),
        9 => {
            fields[place].aliases.pop();
        }
        10 | 11 => fields[place].default = !fields[place].default,
        12 => match dice.once_in(2) {
            true => fields[place].skipped = !fields[place].skipped,
            false => fields[place].skip = !fields[place].skip,
        },
        13 => {
            fields.push(Field {
                name,
                aliases: vec![],
                default: false,
                skipped: false,
                flatten: true,
                filled: false,
                skip: false,
                ty: Ty::Map(Box::new(Ty::Text), Box::new(Ty::Any)),
            });
        }
        14 => {
            let field = &mut fields[place];
            if !matches!(field.ty, Ty::Option(_)) {
                field.ty = Ty::Option(Box::new(field.ty.clone()));
            }
            match dice.below(3) {
                0 => field.default = !field.default,
                1 => (field.default, field.filled) = (true, true),
                _ => (field.default, field.filled) = (false, false),
            }
        }
        _ => edit(&mut fields[place].ty, dice),
    }
}

fn edit_enum(any: &mut Enum, dice: &mut Dice) {
    let place = dice.below(any.variants.len());
    let name = dice.of(VARIANTS);
    match dice.below(16) {
        0 => any.closed = !any.closed,
        1 => any.tagging = dice.of(TAGGINGS),
        2 | 3 => any.variants.insert(0, any_variant(dice, 1)),
        4 => {
            any.variants.remove(place);
        }
        5 => any.variants.reverse(),
        6 | 7 if any.variants.len() > 1 => {
            let gone = any.variants.remove(place);
            let other = dice.below(any.variants.len());
            any.variants[other].aliases.push(gone.name);
        }
        8 => any.variants[place].name = name,
        9 => {
            let variant = &mut any.variants[place];
            variant.aliases.push(variant.name);
            variant.name = name;
        }
        10 => any.variants[place].aliases.push(name),
        11 => {
            any.variants[place].aliases.pop();
        }
        12 => any.variants[place].other = !any.variants[place].other,
        13 => any.variants[place].content = any_content(dice, 1),
        _ => match &mut any.variants[place].content {
            Content::Unit => any.variants[place].content = Content::Newtype(Ty::Any),
            Content::Newtype(ty) => edit(ty, dice),
            Content::Places(items) => edit_places(items, dice),
            Content::Fields(fields) => edit_fields(fields, dice),
        },
    }
}
