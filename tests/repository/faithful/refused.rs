//! A value that would be read as another is refused with its place, and nothing of it is stored.

use esrs::event::EncodeError;
use esrs::prelude::*;
use esrs::projection::{Value, json_to_value};
use esrs::store::{AppendBatch, AppendCondition, NewEvent, Page, ReadQuery};
use esrs::value::ChangedValue;
use esrs::{EventStore, ExecuteError, Metadata, Repository, StoreError, StreamId};

use super::domain::{Anything, Inner, Json, Record, Recorded, Take};
use super::{Opened, memory, postgres, sqlite};

async fn are_refused(Opened { store, .. }: &Opened) {
    let records = Repository::<Record>::new(store.clone());
    records.execute(&1, Take(vec![Anything::Nothing])).await.unwrap();
    let nested = |a, b| Anything::Nested { inner: Some(Inner { a, b }), unit: () };
    for (value, path, written, read) in [
        (Anything::Maybe(Some(f64::NAN)), "value", "Some(NaN)", Some("None")),
        (Anything::Maybe(Some(f64::INFINITY)), "value", "Some(an infinite number)", Some("None")),
        (Anything::Float(f64::NAN), "value", "NaN", None),
        (Anything::Narrows(vec![1.0, f32::NAN]), "value[1]", "NaN", None),
        (nested(f64::NAN, None), "value.inner.a", "NaN", None),
        (nested(0.5, Some(f32::NAN)), "value.inner.b", "Some(NaN)", Some("nothing")),
        (Anything::Json(Some(Json(serde_json::Value::Null))), "value", "Some(())", Some("None")),
    ] {
        let mut command = vec![Anything::Nothing; 2];
        command.push(value.clone());
        let refused = records.execute(&1, Take(command)).await.unwrap_err();
        let (source, event) = match refused {
            ExecuteError::Changed { source, event, .. } => (source, event),
            ExecuteError::Unreadable { unheld: Some(source), event, .. } => {
                assert_eq!(read, None);
                (*source, event)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(event, "recorded");
        let told = (source.path.as_str(), source.written.as_str(), source.read.as_deref());
        assert_eq!(told, (path, written, read));
        let event = Recorded { value, number: 0 };
        let refused = NewEvent::of(&event, Metadata::new()).unwrap_err();
        let again = match refused {
            EncodeError::Changed { source, .. } => source,
            EncodeError::Unreadable { unheld: Some(source), .. } => *source,
            other => panic!("{other:?}"),
        };
        assert_eq!(again, source);
        // The next command works, and nothing of those before is there.
        let cold = Repository::<Record>::new(store.clone());
        assert_eq!(Loaded::version(&cold.load(&1).await.unwrap()), 1);
    }
    let executed = records.execute(&1, Take(vec![Anything::Float(-0.0)])).await.unwrap();
    assert_eq!(executed.version(), 2);
}

#[tokio::test]
async fn values_that_would_change_are_refused_by_memory() {
    are_refused(&memory()).await;
}

#[tokio::test]
async fn values_that_would_change_are_refused_by_sqlite() {
    are_refused(&sqlite().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn values_that_would_change_are_refused_by_postgres() {
    are_refused(&postgres().await).await;
}

#[tokio::test]
async fn a_payload_by_hand_that_no_reader_takes_is_refused_at_append() {
    let Opened { store, .. } = memory();
    let stream = StreamId::new("record", 1).unwrap();
    let event = NewEvent::of(&Recorded { value: Anything::Nothing, number: 0 }, Metadata::new());
    let event = event.unwrap();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for payload in ["", "{", "NaN", "{\"value\":Infinity}", &deep] {
        let event = NewEvent { payload: payload.to_owned(), ..event.clone() };
        let batch = AppendBatch::new(stream.clone(), AppendCondition::Any, vec![event]);
        let refused = store.append(batch).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::InvalidBatch { .. } | StoreError::Limit(_)),
            "{payload}: {refused:?}"
        );
        let page = store.read(ReadQuery::stream(stream.clone()), Page::new()).await.unwrap();
        assert!(page.is_empty(), "{payload} was stored");
    }
    let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    store.append(batch).await.unwrap();
    assert_eq!(
        Repository::<Record>::new(store).load(&1).await.unwrap().values,
        [Anything::Nothing]
    );
}

#[test]
fn a_json_column_that_would_change_is_refused() {
    let right = Inner { a: 0.1, b: Some(0.1) };
    assert_eq!(json_to_value(&right), Ok(Value::Json(r#"{"a":0.1,"b":0.1}"#.to_owned())));
    for (wrong, path) in [
        (Inner { a: f64::NAN, ..right.clone() }, "`a` is NaN"),
        (Inner { b: Some(f32::NAN), ..right.clone() }, "`b` is Some(NaN)"),
    ] {
        let refused = json_to_value(&wrong).unwrap_err().to_string();
        assert!(refused.contains(path), "{refused}");
    }
    let refused = json_to_value(&Some(Some(1)).filter(|_| false)).map(|_| ());
    assert_eq!(refused, Ok(()));
    let refused = json_to_value(&Some(None::<i32>)).unwrap_err().to_string();
    assert!(refused.contains("Some(None), and would be read back as None"), "{refused}");
}

#[test]
fn an_option_of_an_option_is_no_column() {
    let limit: Option<Option<i32>> = Some(None);
    assert!(limit.to_value().unwrap_err().to_string().contains("`Some(None)`"));
    assert_eq!(Some(Some(1)).to_value(), Ok(Value::Integer(1)));
}

#[test]
fn a_changed_value_says_what_it_was() {
    let event = Recorded { value: Anything::Maybe(Some(f64::NAN)), number: 0 };
    let refused = NewEvent::of(&event, Metadata::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the event `recorded` would be read differently: `value` is Some(NaN), and would be read \
         back as None; change the value, or the type of the field"
    );
    let EncodeError::Changed { source: ChangedValue { path, .. }, .. } = refused else { panic!() };
    assert_eq!(path, "value");
}
