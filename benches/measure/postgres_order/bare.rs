//! Code without a store: an insert that commits itself, into the same table.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, Config, Statement};
use uuid::Uuid;

use crate::Tried;
use crate::commands::{STREAMS, prepare, server_time};
use crate::group::{PAYLOAD, now};
use crate::layout::Layout;
use crate::session::connect;
use crate::turns::{Side, Work};

const INSERT: &str = "INSERT INTO esrs_events (position, stream, version, kind, event_id,
        recorded_at, correlation_id, causation_id, actor, metadata, payload)
    VALUES (nextval('esrs_position'), $1, $2, $3, $4, $5, $6, $7, $8, $9::text::json,
        $10::text::json)";

/// One client that inserts.
pub(crate) struct Bare {
    client: Client,
    pid: i32,
    insert: Statement,
    commands: u32,
    next: AtomicI64,
}

impl Bare {
    pub(crate) async fn new(config: &Config, layout: Layout, commands: u32) -> Tried<Self> {
        prepare(config, &layout).await?;
        let client = connect(config).await?;
        client.batch_execute(&format!("SET search_path = {}", layout.schema)).await?;
        let insert = client.prepare(INSERT).await?;
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        Ok(Self { client, pid, insert, commands, next: AtomicI64::new(0) })
    }
}

impl Side for Bare {
    fn name(&self) -> String {
        "a bare INSERT".to_owned()
    }

    fn round(&self) -> Work<'_> {
        Box::pin(async move {
            for _ in 0..self.commands {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let (stream, version) = (number % STREAMS + 1, number / STREAMS + 1);
                let (id, none) = (Uuid::now_v7(), None::<&str>);
                self.client
                    .execute(
                        &self.insert,
                        &[
                            &stream,
                            &version,
                            &1_i32,
                            &id,
                            &now(),
                            &id,
                            &None::<Uuid>,
                            &none,
                            &none,
                            &PAYLOAD,
                        ],
                    )
                    .await?;
            }
            Ok(())
        })
    }

    fn server_time(&self) -> Option<Duration> {
        server_time(self.pid)
    }
}
