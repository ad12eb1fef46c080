//! Types as the source code of Rust.

use std::fmt::Write;

use esrs_lock::hash::Fnv1a;

use super::model::{Content, Enum, Field, Struct, Tagging, Ty};

/// A module with the type `Root` and all that it is made of.
pub(crate) fn module(name: &str, ty: &Ty) -> String {
    let mut source = Source { items: String::new(), count: 0 };
    let root = source.ty(ty);
    format!("pub mod {name} {{\nuse crate::make::*;\n{}pub type Root = {root};\n}}\n", source.items)
}

struct Source {
    items: String,
    count: usize,
}

const DERIVE: &str = "#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]\n";

impl Source {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("T{}", self.count)
    }

    fn ty(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Unit => "()".to_owned(),
            Ty::Bool => "bool".to_owned(),
            Ty::Int { signed, bits, nonzero } => {
                let number = format!("{}{bits}", if *signed { 'i' } else { 'u' });
                if *nonzero { format!("NonZero<{number}>") } else { number }
            }
            Ty::Float(bits) => format!("f{bits}"),
            Ty::Char => "char".to_owned(),
            Ty::Text => "String".to_owned(),
            Ty::Uuid => "Uuid".to_owned(),
            Ty::Any => "Value".to_owned(),
            Ty::Option(inner) => format!("Option<{}>", self.ty(inner)),
            Ty::List(inner) => format!("Vec<{}>", self.ty(inner)),
            Ty::Set(inner) => format!("BTreeSet<{}>", self.ty(inner)),
            Ty::Array(inner, length) => format!("[{}; {length}]", self.ty(inner)),
            Ty::Tuple(items) => {
                let items: String = items.iter().map(|item| self.ty(item) + ", ").collect();
                format!("({items})")
            }
            Ty::Map(key, value) => format!("BTreeMap<{}, {}>", self.ty(key), self.ty(value)),
            Ty::Boxed(inner) => format!("Box<{}>", self.ty(inner)),
            Ty::Newtype { inner, transparent } => {
                let (inner, name) = (self.ty(inner), self.name());
                let serde = if *transparent { "#[serde(transparent)]\n" } else { "" };
                let _ = write!(
                    self.items,
                    "{DERIVE}{serde}pub struct {name}(pub {inner});\n\
                     impl Make for {name} {{ fn make(dice: &mut Dice) -> Self {{ Self(Make::make(dice)) }} }}\n"
                );
                name
            }
            Ty::Places(items) => {
                let types: Vec<_> = items.iter().map(|item| self.ty(item)).collect();
                let name = self.name();
                let made = "Make::make(dice), ".repeat(items.len());
                let _ = write!(
                    self.items,
                    "{DERIVE}pub struct {name}({});\n\
                     impl Make for {name} {{ fn make(dice: &mut Dice) -> Self {{ Self({made}) }} }}\n",
                    types.join(", ")
                );
                name
            }
            Ty::Struct(shape) => self.structure(shape),
            Ty::Enum(any) => self.enumeration(any),
        }
    }

    fn structure(&mut self, shape: &Struct) -> String {
        let fields = self.fields(&shape.fields);
        let name = self.name();
        let mut serde = vec!["rename = \"N\"".to_owned()];
        serde.extend(shape.closed.then(|| "deny_unknown_fields".to_owned()));
        serde.extend(shape.default.then(|| "default".to_owned()));
        serde.extend(shape.upper.then(|| "rename_all = \"UPPERCASE\"".to_owned()));
        serde.extend(shape.tag.map(|tag| format!("tag = {tag:?}")));
        let made = made(&shape.fields);
        let _ = write!(
            self.items,
            "{DERIVE}#[serde({})]\npub struct {name} {{\n{fields}}}\n\
             impl Make for {name} {{ fn make(dice: &mut Dice) -> Self {{ Self {{ {made} }} }} }}\n",
            serde.join(", ")
        );
        if shape.default {
            let _ = writeln!(
                self.items,
                "impl Default for {name} {{ fn default() -> Self {{ lowest() }} }}"
            );
        }
        name
    }

    fn fields(&mut self, fields: &[Field]) -> String {
        let mut text = String::new();
        for field in fields {
            let mut serde: Vec<String> =
                field.aliases.iter().map(|alias| format!("alias = {alias:?}")).collect();
            let default = match field.ty {
                Ty::Option(_) if field.filled => "default = \"filled\"",
                // The default of an `Option` is what it is when it is absent.
                Ty::Option(_) => "default",
                _ => "default = \"lowest\"",
            };
            serde.extend(field.default.then(|| default.to_owned()));
            serde.extend(
                field.skipped.then(|| "skip_serializing_if = \"Option::is_none\"".to_owned()),
            );
            serde.extend(field.flatten.then(|| "flatten".to_owned()));
            serde.extend(field.skip.then(|| "skip".to_owned()));
            if !serde.is_empty() {
                let _ = writeln!(text, "#[serde({})]", serde.join(", "));
            }
            let ty = self.ty(&field.ty);
            if field.flatten {
                // What is spread has another name when it is another type.
                let _ = writeln!(text, "#[schema(opaque = \"{}@1\")]", plain(&field.ty));
            }
            let _ = writeln!(text, "{}: {ty},", field.name);
        }
        text
    }

    fn enumeration(&mut self, any: &Enum) -> String {
        let mut variants = String::new();
        let mut made = String::new();
        for (place, variant) in any.variants.iter().enumerate() {
            let mut serde: Vec<String> =
                variant.aliases.iter().map(|alias| format!("alias = {alias:?}")).collect();
            serde.push(format!("rename = {:?}", variant.name));
            serde.extend(variant.other.then(|| "other".to_owned()));
            let _ = writeln!(variants, "#[serde({})]", serde.join(", "));
            let name = format!("V{place}");
            let (content, value) = match &variant.content {
                Content::Unit => (String::new(), String::new()),
                Content::Newtype(ty) => (format!("({})", self.ty(ty)), "(Make::make(dice))".into()),
                Content::Places(items) => {
                    let types: Vec<_> = items.iter().map(|item| self.ty(item)).collect();
                    let value = format!("({})", "Make::make(dice), ".repeat(items.len()));
                    (format!("({})", types.join(", ")), value)
                }
                Content::Fields(fields) => {
                    let value = format!("{{ {} }}", self::made(fields));
                    (format!("{{\n{}}}", self.fields(fields)), value)
                }
            };
            let _ = writeln!(variants, "{name}{content},");
            let _ = writeln!(made, "{place} => Self::{name}{value},");
        }
        let name = self.name();
        let mut serde = match any.tagging {
            Tagging::External => vec![],
            Tagging::Internal(tag) => vec![format!("tag = {tag:?}")],
            Tagging::Adjacent(tag, content) => {
                vec![format!("tag = {tag:?}, content = {content:?}")]
            }
        };
        serde.extend(any.closed.then(|| "deny_unknown_fields".to_owned()));
        let is_plain = any.variants.iter().all(|variant| variant.content == Content::Unit);
        let ordered = if is_plain { "#[derive(Eq, PartialOrd, Ord)]\n" } else { "" };
        let count = any.variants.len();
        let _ = write!(
            self.items,
            "{DERIVE}{ordered}#[serde({})]\npub enum {name} {{\n{variants}}}\n\
             impl Make for {name} {{ fn make(dice: &mut Dice) -> Self {{ match dice.below({count}) {{\n\
             {made}_ => unreachable!(),\n}} }} }}\n",
            serde.join(", ")
        );
        name
    }
}

fn made(fields: &[Field]) -> String {
    let value = |field: &Field| match field.skip {
        true => "Default::default()",
        false => "Make::make(dice)",
    };
    fields.iter().map(|field| format!("{}: {}, ", field.name, value(field))).collect()
}

/// A name for an opaque shape that no other type has.
fn plain(ty: &Ty) -> String {
    let hash = Fnv1a::of(format!("{ty:?}").as_bytes());
    format!("spread_{hash:016x}")
}
