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
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SerdeAlone => "events_with_serde",
            Self::Esrs => "events_with_esrs",
            Self::Locked => "events_with_locks",
        }
    }
}

/// Writes a crate of this kind, apart from its lock.
pub(crate) fn write(kind: Kind, workspace: &Path, root: &Path) -> std::io::Result<()> {
    let source = root.join("src");
    std::fs::create_dir_all(&source)?;
    std::fs::write(root.join("Cargo.toml"), manifest(kind, workspace))?;
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
        Kind::Esrs | Kind::Locked => {
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
        Kind::Esrs | Kind::Locked => "use esrs::prelude::*;\n",
    });
    for event in 0..EVENTS {
        text += &match kind {
            Kind::SerdeAlone => "\n#[derive(Serialize, Deserialize)]\n".to_owned(),
            Kind::Esrs | Kind::Locked => format!(
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
