//! Writes the crates that are checked.

use std::path::Path;

const AGGREGATES: usize = 30;
const EVENTS: usize = 10;
const FIELDS: [&str; 12] = [
    "String",
    "i64",
    "u32",
    "bool",
    "Option<String>",
    "Vec<u32>",
    "f64",
    "u8",
    "Option<i64>",
    "(u32, u32)",
    "Vec<String>",
    "u64",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SerdeAlone,
    Esrs,
    /// The same, with the shape of every event in a lock.
    Locked,
    /// One event of 2,000 lines in its lock, which all differ from it by this.
    Large(Change),
}

/// The change of each field since it was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// It breaks no payload, so that all lines are compared.
    Wider,
    /// Each field is gone, and another is new.
    Renamed,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SerdeAlone => "events_with_serde",
            Self::Esrs => "events_with_esrs",
            Self::Locked => "events_with_locks",
            Self::Large(Change::Nothing) => "large_event",
            Self::Large(Change::Wider) => "large_event_wider",
            Self::Large(Change::Renamed) => "large_event_renamed",
        }
    }
}

/// Writes a crate of this kind, apart from its lock.
pub(crate) fn write(kind: Kind, workspace: &Path, root: &Path) -> std::io::Result<()> {
    let source = root.join("src");
    std::fs::create_dir_all(&source)?;
    std::fs::write(root.join("Cargo.toml"), manifest(kind, workspace))?;
    if let Kind::Large(_) = kind {
        return write_large(root, Change::Nothing);
    }
    let mut modules = String::from("#![allow(dead_code)]\n");
    if kind == Kind::Locked {
        modules += "esrs::schema!();\n";
    }
    for number in 0..AGGREGATES {
        modules += &format!("pub mod aggregate_{number};\n");
        let file = source.join(format!("aggregate_{number}.rs"));
        std::fs::write(file, aggregate(kind, number))?;
    }
    std::fs::write(source.join("lib.rs"), modules)
}

fn manifest(kind: Kind, workspace: &Path) -> String {
    let esrs = match kind {
        Kind::SerdeAlone => String::new(),
        Kind::Esrs | Kind::Locked | Kind::Large(_) => {
            format!("esrs = {{ path = {:?} }}\n", workspace.display().to_string())
        }
    };
    format!(
        "[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{esrs}serde = {{ version = \"1\", features = [\"derive\"] }}\n",
        kind.name()
    )
}

fn aggregate(kind: Kind, number: usize) -> String {
    let mut text = String::from(match kind {
        Kind::SerdeAlone => "use serde::{Deserialize, Serialize};\n",
        _ => "use esrs::prelude::*;\n",
    });
    for event in 0..EVENTS {
        text += &match kind {
            Kind::SerdeAlone => "\n#[derive(Serialize, Deserialize)]\n".to_owned(),
            _ => format!(
                "\n#[derive(Event, Serialize, Deserialize)]\n\
                 #[event(\"thing_{number}_{event}_happened\")]\n"
            ),
        };
        text += &format!("pub struct Thing{event}Happened {{\n");
        for (place, field) in FIELDS.iter().enumerate() {
            text += &format!("    pub field_{place}: {field},\n");
        }
        text += "}\n";
    }
    if kind != Kind::SerdeAlone {
        let events: Vec<_> = (0..EVENTS).map(|event| format!("Thing{event}Happened")).collect();
        text += &format!(
            "\n#[derive(Aggregate, Default)]\n\
             #[aggregate(\"aggregate_{number}\", id = u64, events({}))]\n\
             pub struct Aggregate{number} {{\n    last: String,\n    sum: i64,\n}}\n",
            events.join(", ")
        );
        for event in events {
            text += &format!(
                "\nimpl Apply<{event}> for Aggregate{number} {{\n\
                 \x20   fn apply(&mut self, event: {event}) {{\n\
                 \x20       self.last = event.field_0;\n\
                 \x20       self.sum += event.field_1;\n    }}\n}}\n"
            );
        }
    }
    text
}

/// Writes the source of one large event, changed so.
pub(crate) fn write_large(root: &Path, change: Change) -> std::io::Result<()> {
    const PARTS: usize = 100;
    const OF_EACH: usize = 19;
    let (name, ty) = match change {
        Change::Nothing => ("field", "u32"),
        Change::Wider => ("field", "u64"),
        Change::Renamed => ("other", "u32"),
    };
    let derives = "#[derive(Schema, Serialize, Deserialize)]";
    let fields: String = (0..OF_EACH).map(|n| format!("    pub {name}_{n}: {ty},\n")).collect();
    let part = |n| format!("\n{derives}\npub struct Part{n} {{\n{fields}}}\n");
    let parts: String = (0..PARTS).map(part).collect();
    let held: String = (0..PARTS).map(|n| format!("    pub part_{n}: Part{n},\n")).collect();
    let text = format!(
        "#![allow(dead_code)]\nesrs::schema!();\nuse esrs::prelude::*;\n{parts}\n\
         #[derive(Event, Serialize, Deserialize)]\n#[event(\"large\")]\npub struct Large {{\n{held}}}\n"
    );
    std::fs::write(root.join("src/lib.rs"), text)
}
