//! Each strict lint by itself, over every derive: what they write gives it nothing to say.

/// The five derives under one lint.
macro_rules! under {
    ($($module:ident: $($lint:path),+;)+) => {$(
        pub mod $module {
            //! Derived under a strict lint.
            #![deny($($lint),+)]
            #![allow(dead_code, unused_imports, reason = "some of it only has to compile")]

            use ::core::convert::Infallible;

            use esrs::{Aggregate, Apply, Create, Event, Handle, Id, Project, Projection, Schema};

            /// An id.
            #[derive(Id, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            pub struct NoteId(pub u64);

            /// A payload.
            #[derive(Schema, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[serde(rename_all = "snake_case")]
            pub enum Color {
                /// A color.
                Red,
                /// A color by its parts.
                Mixed {
                    /// The parts.
                    parts: Vec<u8>,
                },
            }

            /// An old version.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_written")]
            pub struct NoteWrittenV1 {
                /// The text.
                pub text: String,
            }

            /// An event.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_written", version = 2, from = NoteWrittenV1, aliases("note_made"))]
            pub struct NoteWritten {
                /// The text.
                pub text: String,
                /// The color.
                pub color: Color,
            }

            impl esrs::Upcast<NoteWrittenV1> for NoteWritten {
                fn upcast(old: NoteWrittenV1) -> Self {
                    Self { text: old.text, color: Color::Red }
                }
            }

            /// A payload that declares its past.
            #[derive(Schema, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[schema(version = 2)]
            pub enum Mark {
                /// A star.
                #[schema(renamed(from = "Asterisk", in = 2))]
                Star,
                /// A word.
                #[schema(added(in = 2))]
                Word(String),
            }

            /// An event that declares its past.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event(
                "note_marked",
                version = 4,
                from = NoteMarkedV1,
                removed(name = "page", ty = Option<u32>, since = 3, in = 4)
            )]
            pub struct NoteMarked {
                /// The mark.
                #[event(added(in = 2), updated(in = 3, from = 1))]
                pub mark: Option<Mark>,
                /// By whom.
                #[event(renamed(from = "by", in = 2))]
                pub marked_by: String,
                /// The size.
                #[event(added(in = 2, default = 1), retyped(from = u8, in = 4, with = u16::from))]
                pub size: u16,
            }

            /// An event that may refuse its past.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_sized", version = 2)]
            pub struct NoteSized {
                /// The size.
                #[event(retyped(from = i64, in = 2, try_with = u16::try_from))]
                pub size: u16,
            }

            /// The version before the first that is declared.
            #[derive(Event, serde::Serialize, serde::Deserialize)]
            #[event("note_marked")]
            pub struct NoteMarkedV1 {
                /// By whom.
                pub by: String,
            }

            /// An event that merges another.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_seen", merges(NoteRead))]
            pub struct NoteSeen {}

            impl esrs::Upcast<NoteRead> for NoteSeen {
                fn upcast(_: NoteRead) -> Self {
                    Self {}
                }
            }

            /// An event that is split.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_written_and_seen")]
            pub struct NoteWrittenAndSeen {
                /// The note.
                pub written: NoteWritten,
            }

            impl esrs::Split for NoteWrittenAndSeen {
                type Into = (NoteWritten, NoteSeen);

                fn split(self) -> Self::Into {
                    (self.written, NoteSeen {})
                }
            }

            /// An event that another merges.
            #[derive(Event, Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[event("note_read")]
            pub struct NoteRead {}

            /// An aggregate.
            #[derive(Aggregate, Clone, Debug, Default)]
            #[aggregate(
                "note",
                id = NoteId,
                events(NoteWritten, ignored(NoteSeen), split(NoteWrittenAndSeen)),
                retired("note_lost"),
                event_derives(Debug)
            )]
            pub struct Note {
                /// The text.
                pub text: String,
            }

            impl Apply<NoteWritten> for Note {
                fn apply(&mut self, event: NoteWritten) {
                    self.text = event.text;
                }
            }

            impl Handle<NoteWritten> for Note {
                type Error = Infallible;

                fn handle(
                    &self,
                    command: &NoteWritten,
                    _: &esrs::Context<Self>,
                ) -> Result<esrs::Events<Self>, Infallible> {
                    Ok((command.clone(), NoteSeen {}).into())
                }
            }

            /// A row.
            #[derive(Projection, Clone, Debug, PartialEq, Eq)]
            #[projection(
                table = "notes",
                of = Note,
                creates(NoteWritten),
                events(NoteSeen(missing = skip))
            )]
            pub struct NoteRow {
                /// The key.
                #[projection(key)]
                pub note: NoteId,
                /// The text.
                pub text: String,
                /// The number of times it was read.
                #[projection(text)]
                pub reads: u32,
            }

            impl Create<NoteWritten> for NoteRow {
                fn create(note: NoteId, event: &esrs::Recorded<NoteWritten>) -> Self {
                    Self { note, text: event.text.clone(), reads: 0 }
                }
            }

            impl Project<NoteSeen> for NoteRow {
                fn project(&mut self, _: &esrs::Recorded<NoteSeen>) {
                    self.reads += 1;
                }
            }

            #[tokio::test]
            async fn what_is_derived_under_it_works() {
                let written = NoteWritten { text: String::from("a"), color: Color::Red };
                let (store, note) = crate::book::executed::<Note, _>(NoteId(1), written).await;
                assert_eq!((note.text.as_str(), esrs::Loaded::version(&note)), ("a", 2));
                let row = NoteRow { note: NoteId(1), text: String::from("a"), reads: 1 };
                assert_eq!(crate::book::rows::<NoteRow>(&store).await, [row]);
                let marked = NoteMarked::decode(2, r#"{"mark": "Asterisk", "marked_by": "a", "size": 3}"#);
                assert!(marked.is_ok_and(|marked| marked.size == 3 && marked.mark.is_some()));
            }
        }
    )+};
}

under! {
    warnings_of_rustc: warnings;
    missing_docs_of_rustc: missing_docs;
    unused_of_rustc: unused_qualifications, unused_results, unused_lifetimes, unused_import_braces;
    trivial_casts_of_rustc: trivial_casts, trivial_numeric_casts;
    single_use_lifetimes_of_rustc: single_use_lifetimes, explicit_outlives_requirements;
    elided_lifetimes_of_rustc: elided_lifetimes_in_paths, let_underscore_drop;
    absolute_paths_of_rustc: absolute_paths_not_starting_with_crate, unit_bindings;
    nonstandard_style_of_rustc: nonstandard_style, rust_2018_idioms;
    unsafe_code_of_rustc: unsafe_code, variant_size_differences, meta_variable_misuse;
    all_of_clippy: clippy::all, clippy::style, clippy::perf, clippy::complexity;
    pedantic_of_clippy: clippy::pedantic;
    nursery_of_clippy: clippy::nursery;
    panics_of_clippy: clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing;
    paths_of_clippy: clippy::absolute_paths, clippy::std_instead_of_core, clippy::allow_attributes;
    style_of_clippy: clippy::pattern_type_mismatch, clippy::str_to_string, clippy::shadow_reuse;
}
