//! Types of the user's own under the names of esrs and of the prelude, and under keywords.

use std::convert::Infallible;

use esrs::prelude as es;

use crate::book::{executed, folded, rows};

#[derive(es::Event, Clone, es::Serialize, es::Deserialize)]
#[event("events")]
struct Events {
    r#type: std::string::String,
}

#[derive(es::Event, Clone, es::Serialize, es::Deserialize)]
#[event("result")]
struct Result {}

#[derive(es::Event, Clone, es::Serialize, es::Deserialize)]
#[event("some")]
struct Some {}

#[derive(es::Id, Clone, PartialEq, Debug)]
struct String(u64);

#[derive(Default, es::Aggregate)]
#[aggregate("apply", id = String, events(Events, Result, ignored(Some)))]
struct Apply {
    r#fn: std::string::String,
    vec: usize,
}

impl es::Apply<Events> for Apply {
    fn apply(&mut self, event: Events) {
        self.r#fn = event.r#type;
    }
}

impl es::Apply<Result> for Apply {
    fn apply(&mut self, _: Result) {
        self.vec += 1;
    }
}

/// In the way of the trait, where `Handle` is written without a path.
struct Handle;

impl es::Handle<Handle> for Apply {
    type Error = Infallible;

    fn handle(
        &self,
        _: &Handle,
        _: &es::Context<Self>,
    ) -> std::result::Result<es::Events<Self>, Infallible> {
        Ok((Events { r#type: "a".to_owned() }, Result {}, Some {}).into())
    }
}

#[derive(es::Projection, Debug, PartialEq)]
#[projection(
    table = "select",
    of = Apply,
    creates(Events),
    events(Result)
)]
struct Vec {
    #[projection(key)]
    r#struct: String,
    r#where: std::string::String,
    event: u32,
}

impl es::Create<Events> for Vec {
    fn create(r#struct: String, event: &es::Recorded<Events>) -> Self {
        Self { r#struct, r#where: event.r#type.clone(), event: 0 }
    }
}

impl es::Project<Result> for Vec {
    fn project(&mut self, _: &es::Recorded<Result>) {
        self.event += 1;
    }
}

/// In modules, types and fields of a keyword's name.
mod r#mod {
    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("struct")]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub(super) struct r#struct {
        pub(super) r#type: r#enum,
        #[serde(rename = "match")]
        pub(super) r#match: bool,
    }

    #[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub(super) enum r#enum {
        r#const,
        r#static { r#ref: u8 },
    }

    #[derive(Aggregate, Default)]
    #[aggregate("trait", id = u64, events(r#struct))]
    #[expect(non_camel_case_types, reason = "a keyword")]
    pub(super) struct r#trait {
        pub(super) r#type: Option<r#enum>,
    }

    impl Apply<r#struct> for r#trait {
        fn apply(&mut self, event: r#struct) {
            self.r#type = Some(event.r#type).filter(|_| event.r#match);
        }
    }
}

#[tokio::test]
async fn types_of_taken_names_go_there_and_back() {
    let (store, state) = executed::<Apply, _>(String(5), Handle).await;
    assert_eq!((state.r#fn.as_str(), state.vec, esrs::Loaded::version(&state)), ("a", 1, 3));
    let row = Vec { r#struct: String(5), r#where: "a".to_owned(), event: 1 };
    assert_eq!(rows::<Vec>(&store).await, [row]);
    let columns = <Vec as es::Projection>::TABLE.definition();
    assert_eq!(columns, "v1 struct integer key, where text, event integer");
}

#[tokio::test]
async fn a_keyword_is_stored_without_its_mark() {
    let static_ = r#mod::r#enum::r#static { r#ref: 1 };
    let event = r#mod::r#struct { r#type: static_, r#match: true };
    let event = esrs::store::NewEvent::of(&event, esrs::Metadata::new()).unwrap();
    assert_eq!(event.payload.to_string(), r#"{"type":{"static":{"ref":1}},"match":true}"#);
    let shape = <r#mod::r#enum as es::Schema>::SHAPE.to_string();
    assert!(shape.contains("const") && !shape.contains("r#"), "{shape}");
    let state = folded::<r#mod::r#trait>(1, vec![event]).await;
    assert_eq!(state.r#type, Option::from(r#mod::r#enum::r#static { r#ref: 1 }));
}
