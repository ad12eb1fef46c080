//! A program whose rows changed in a way that their columns do not show: it is noticed when the store is
//! opened, `find` says it, commands without the projection go on, and `rebuild_changed` builds the rows
//! again.

use esrs::StoreError;
use esrs::prelude::*;
use esrs::runner::{Runner, State};

use crate::bank::Say;
use crate::stores::TestStore;
use crate::{caught_up, until};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("placed")]
struct Placed {
    article: String,
    count: u32,
}

#[derive(Aggregate, Clone, Default)]
#[aggregate("order", id = u64, events(ignored(Placed)))]
struct Order {}

impl Handle<Say<Placed>> for Order {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        Say(event): &Say<Placed>,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(event.clone().into())
    }
}

/// A projection that no version changes.
#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "articles",
    of = Order,
    creates(Placed(key = article)),
    events(Placed(key = article))
)]
struct Article {
    #[projection(key)]
    article: String,
    count: u32,
}

impl Create<Placed> for Article {
    fn create(article: String, event: &Recorded<Placed>) -> Self {
        Self { article, count: event.count }
    }
}

impl Project<Placed> for Article {
    fn project(&mut self, event: &Recorded<Placed>) {
        self.count += event.count;
    }
}

/// One version of the program. The columns are the same in all.
macro_rules! version {
    ($version:ident, $line:item, $kind:item, $state:item, $new:expr) => {
        mod $version {
            use super::*;

            #[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
            $line

            $kind

            #[derive(Column, Debug, PartialEq)]
            $state

            #[derive(Projection, Debug, PartialEq)]
            #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
            pub(super) struct Row {
                #[projection(key)]
                id: u64,
                #[projection(json)]
                lines: Vec<Line>,
                state: Option<Status>,
                total: u64,
            }

            const NEW: fn(&Placed) -> (Line, Status) = $new;

            impl Row {
                fn add(&mut self, event: &Placed) {
                    let (line, state) = NEW(event);
                    self.lines.push(line);
                    self.state = Some(state);
                    self.total += u64::from(event.count);
                }

                /// The row after these events.
                pub(super) fn of(id: u64, events: &[Placed]) -> Self {
                    let mut row = Self { id, lines: Vec::new(), state: None, total: 0 };
                    events.iter().for_each(|event| row.add(event));
                    row
                }
            }

            impl Create<Placed> for Row {
                fn create(id: u64, event: &Recorded<Placed>) -> Self {
                    Self::of(id, &[Recorded::event(event).clone()])
                }
            }

            impl Project<Placed> for Row {
                fn project(&mut self, event: &Recorded<Placed>) {
                    self.add(event);
                }
            }
        }
    };
}

version!(
    before,
    pub(super) struct Line {
        article: String,
        kind: Kind,
    },
    #[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
    pub(super) enum Kind {
        Gift,
    },
    pub(super) enum Status {
        Packed,
    },
    |event| (Line { article: event.article.clone(), kind: Kind::Gift }, Status::Packed)
);

version!(
    a_field_in_the_json,
    pub(super) struct Line {
        article: String,
        kind: Kind,
        count: u32,
    },
    #[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
    pub(super) enum Kind {
        Gift,
    },
    pub(super) enum Status {
        Packed,
    },
    |event| {
        let Placed { article, count } = event.clone();
        (Line { article, kind: Kind::Gift, count }, Status::Packed)
    }
);

version!(
    a_variant_in_the_json,
    pub(super) struct Line {
        article: String,
        kind: Kind,
    },
    #[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
    #[schema(version = 2)]
    pub(super) enum Kind {
        #[schema(renamed(from = "Gift", in = 2))]
        Present,
    },
    pub(super) enum Status {
        Packed,
    },
    |event| (Line { article: event.article.clone(), kind: Kind::Present }, Status::Packed)
);

version!(
    a_variant_in_a_column,
    pub(super) struct Line {
        article: String,
        kind: Kind,
    },
    #[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
    pub(super) enum Kind {
        Gift,
    },
    pub(super) enum Status {
        Sent,
    },
    |event| (Line { article: event.article.clone(), kind: Kind::Gift }, Status::Sent)
);

/// Rows whose code alone differs.
mod the_body_before {
    use super::*;

    #[derive(Projection, Debug, PartialEq)]
    #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
    pub(super) struct Row {
        #[projection(key)]
        id: u64,
        total: u64,
    }

    impl Create<Placed> for Row {
        fn create(id: u64, event: &Recorded<Placed>) -> Self {
            Self { id, total: event.count.into() }
        }
    }

    impl Project<Placed> for Row {
        fn project(&mut self, event: &Recorded<Placed>) {
            self.total += u64::from(event.count);
        }
    }
}

mod the_body {
    use super::*;

    #[derive(Projection, Debug, PartialEq)]
    #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
    pub(super) struct Row {
        #[projection(key)]
        id: u64,
        total: u64,
    }

    impl Row {
        pub(super) fn of(id: u64, events: &[Placed]) -> Self {
            let rest = events[1..].iter().map(|event| u64::from(event.count) + 1);
            Self { id, total: u64::from(events[0].count) + rest.sum::<u64>() }
        }
    }

    impl Create<Placed> for Row {
        fn create(id: u64, event: &Recorded<Placed>) -> Self {
            Self { id, total: event.count.into() }
        }
    }

    impl Project<Placed> for Row {
        fn project(&mut self, event: &Recorded<Placed>) {
            self.total += u64::from(event.count) + 1;
        }
    }
}

fn placed(number: u64) -> Placed {
    Placed { article: format!("article {}", number % 3), count: number as u32 }
}

async fn place(store: &impl TestStore, orders: std::ops::Range<u64>) {
    let repository = Repository::<Order>::new(store.clone());
    for number in orders {
        repository.execute(&(number % 7), Say(placed(number))).await.unwrap();
    }
}

/// The events of an order, of the first so many.
fn events_of(order: u64, count: u64) -> Vec<Placed> {
    (0..count).filter(|number| number % 7 == order).map(placed).collect()
}

macro_rules! noticed {
    ($store:ident, $at:expr, $old:ident, $new:ident) => {{
        let old = $store::builder($at).inline::<$old::Row>().inline::<Article>();
        let old = old.open().await.unwrap();
        place(&old, 0..30).await;
        old.close().await;

        let refused = $store::builder($at).inline::<$new::Row>().open().await.map(drop);
        let Err(StoreError::ProjectionChanged { table: "orders", .. }) = &refused else {
            panic!("{refused:?}")
        };
        // Without it, commands and other projections go on.
        let store = $store::builder($at).inline::<Article>().open().await.unwrap();
        for _ in 0..2 {
            let refused = store.find::<$new::Row>("", []).await.map(drop);
            assert!(matches!(refused, Err(StoreError::ProjectionChanged { .. })), "{refused:?}");
            let refused = store.get::<$new::Row>(&3).await.map(drop);
            assert!(matches!(refused, Err(StoreError::ProjectionChanged { .. })), "{refused:?}");
        }
        place(&store, 30..35).await;
        assert_eq!(store.find::<Article>("", []).await.unwrap().len(), 3);
        let runner = Runner::new(store.clone()).project::<$new::Row>().project::<Article>();
        let running = runner.start();
        until(&running, |status| {
            status.name == "orders" && matches!(status.state, State::Failed { .. })
        })
        .await;
        running.stop().await;
        store.close().await;

        let store = $store::builder($at).inline::<$new::Row>().inline::<Article>();
        let store = store.rebuild_changed().open().await.unwrap();
        let rows = || store.find::<$new::Row>("true ORDER BY id", []);
        let expected = |count| -> Vec<_> {
            (0..7).map(|order| $new::Row::of(order, &events_of(order, count))).collect()
        };
        assert_eq!(rows().await.unwrap(), expected(35));
        place(&store, 35..40).await;
        assert_eq!(rows().await.unwrap(), expected(40));
        let refused = store.find::<$old::Row>("", []).await.map(drop);
        assert!(matches!(refused, Err(StoreError::ProjectionSuperseded { .. })), "{refused:?}");
        store.close().await;

        // Nothing is built again for the same definition, and the runner takes it as it is.
        let store = $store::builder($at).open().await.unwrap();
        place(&store, 40..45).await;
        let running = Runner::new(store.clone()).project::<$new::Row>().start();
        caught_up(&store, &running).await;
        running.stop().await;
        let rows = store.find::<$new::Row>("true ORDER BY id", []).await.unwrap();
        assert_eq!(rows, expected(45));
    }};
}

macro_rules! on_every_store {
    ($($test:ident after $old:ident),* $(,)?) => {
        mod on_sqlite {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                noticed!(SqliteStore, folder.path().join("orders.db"), $old, $test);
            })*
        }

        mod on_postgres {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $test() {
                let database = postgres_server::database().unwrap();
                noticed!(PostgresStore, database.url(), $old, $test);
            })*
        }
    };
}

on_every_store!(
    a_field_in_the_json after before,
    a_variant_in_the_json after before,
    a_variant_in_a_column after before,
    the_body after the_body_before,
);
