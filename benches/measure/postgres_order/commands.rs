//! Clients that send commands, one after the other each, on streams that no other client writes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::Config;

use crate::Tried;
use crate::group::{Answer, Group, Part};
use crate::layout::Layout;
use crate::session::{Session, Way, connect};
use crate::turns::{Side, Work};
use crate::writer::Writer;

/// Each layout has so many streams.
pub(crate) const STREAMS: i64 = 1_024;

/// Creates the tables of a layout again, and its streams.
pub(crate) async fn prepare(config: &Config, layout: &Layout) -> Tried<()> {
    let client = connect(config).await?;
    client.batch_execute(&layout.create()).await?;
    let streams = "INSERT INTO esrs_streams (name, category)
        SELECT 'order-' || number, 'order' FROM generate_series(1, $1::bigint) AS number";
    client.execute(streams, &[&STREAMS]).await?;
    client.batch_execute("INSERT INTO esrs_kinds (name, version) VALUES ('item_added', 1)").await?;
    Ok(client.batch_execute("ANALYZE esrs_streams").await?)
}

/// The streams of one client, and the versions it knows.
struct Streams {
    first: i64,
    versions: Vec<AtomicI64>,
    turn: AtomicI64,
}

impl Streams {
    fn of(client: i64, clients: i64) -> Self {
        let each = STREAMS / clients;
        let versions = (0..each).map(|_| AtomicI64::new(0)).collect();
        Self { first: client * each + 1, versions, turn: AtomicI64::new(0) }
    }

    /// A command on the next stream.
    fn command(&self) -> (usize, Part) {
        let place = self.turn.fetch_add(1, Ordering::Relaxed) as usize % self.versions.len();
        let expected = self.versions[place].load(Ordering::Relaxed);
        let stream = self.first + place as i64;
        (place, Part { stream, expected: Some(expected), events: 1 })
    }

    fn answered(&self, place: usize, answer: Answer) -> Tried<()> {
        match answer {
            Answer::Stored { version, .. } => {
                self.versions[place].store(version, Ordering::Relaxed);
                Ok(())
            }
            Answer::Refused { .. } => Err(format!("nobody else writes there: {answer:?}").into()),
        }
    }
}

/// Processes with tasks, of which each sends so many commands a round.
pub(crate) struct Clients {
    name: String,
    commands: u32,
    tasks: usize,
    processes: Vec<Arc<Process>>,
}

struct Process {
    /// Without concurrent tasks there is nothing to group.
    session: Mutex<Option<Session>>,
    pid: i32,
    streams: Vec<Streams>,
}

impl Clients {
    pub(crate) async fn new(
        config: &Config,
        layout: Layout,
        way: Way,
        (processes, tasks, commands): (usize, usize, u32),
    ) -> Tried<Self> {
        prepare(config, &layout).await?;
        let all = (processes * tasks) as i64;
        let mut connected = Vec::with_capacity(processes);
        for process in 0..processes {
            let session = Session::open(config, layout, way).await?;
            let pid = session.pid;
            let streams = (0..tasks).map(|task| Streams::of((process * tasks + task) as i64, all));
            let streams = streams.collect();
            connected.push(Arc::new(Process { session: Mutex::new(Some(session)), pid, streams }));
        }
        let name = match way {
            Way::OneStatement => layout.name.to_owned(),
            Way::RoundTrips => "A2 lock, three round trips".to_owned(),
            Way::WithoutArrays => "one event without arrays".to_owned(),
        };
        Ok(Self { name, commands, tasks, processes: connected })
    }
}

impl Side for Clients {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn round(&self) -> Work<'_> {
        Box::pin(async move {
            let running: Vec<_> = self
                .processes
                .iter()
                .map(|process| {
                    let (process, commands, tasks) = (process.clone(), self.commands, self.tasks);
                    tokio::spawn(async move {
                        let worked = match tasks {
                            1 => process.one_at_a_time(commands).await,
                            _ => process.in_groups(commands).await,
                        };
                        worked.map_err(|error| format!("{error:?}"))
                    })
                })
                .collect();
            for process in running {
                process.await??;
            }
            Ok(())
        })
    }

    fn server_time(&self) -> Option<Duration> {
        self.processes.iter().map(|process| server_time(process.pid)).sum()
    }
}

impl Process {
    async fn one_at_a_time(&self, commands: u32) -> Tried<()> {
        let session = self.session.lock().await;
        let session = session.as_ref().ok_or("the session is gone")?;
        for _ in 0..commands {
            let (place, part) = self.streams[0].command();
            let answers = session.append(&Group::of(part)).await?;
            self.streams[0].answered(place, answers[0])?;
        }
        Ok(())
    }

    async fn in_groups(self: Arc<Self>, commands: u32) -> Tried<()> {
        let session = self.session.lock().await.take().ok_or("the session is gone")?;
        let (writer, ended) = Writer::start(session);
        let tasks: Vec<_> = (0..self.streams.len())
            .map(|task| {
                let (process, writer) = (self.clone(), writer.clone());
                tokio::spawn(async move {
                    for _ in 0..commands {
                        let (place, part) = process.streams[task].command();
                        let answer =
                            writer.append(part).await.map_err(|error| format!("{error:?}"))?;
                        process.streams[task]
                            .answered(place, answer)
                            .map_err(|error| format!("{error:?}"))?;
                    }
                    Ok::<_, String>(())
                })
            })
            .collect();
        drop(writer);
        for task in tasks {
            task.await??;
        }
        *self.session.lock().await = Some(ended.await?);
        Ok(())
    }
}

/// Returns the time that a process has been on a processor, if it runs on this machine.
pub(crate) fn server_time(pid: i32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    stat.split_whitespace().next()?.parse().map(Duration::from_nanos).ok()
}
