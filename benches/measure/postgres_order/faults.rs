//! The waits for a transaction that was rolled back, and for a process that was killed or stopped.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::Config;

use crate::Tried;
use crate::group::{Group, Part};
use crate::late::{Rig, Waited};
use crate::layout::Layout;
use crate::session::{Session, Way};

const STOPPED: Duration = Duration::from_secs(1);

/// The state of the process that something happens to.
#[derive(Debug, Clone, Copy)]
enum Doing {
    /// It has appended, and has not committed yet.
    Open,
    /// It appends, one statement after the other.
    Appending,
}

/// Prints how long others wait.
pub(crate) async fn faults(config: &Config, layouts: &[Layout]) -> Tried<()> {
    println!("\n### How long others wait: the longest append, and how late a follower is at most");
    println!(
        "| side | rolled back | killed with an open transaction | stopped with one and killed {} s later \
         | stopped 20 times while it appended |",
        STOPPED.as_secs()
    );
    println!("| --- | --- | --- | --- | --- |");
    for layout in layouts {
        let mut rig = Rig::new(config, *layout).await?;
        let rolled_back = {
            let session = Session::open(config, *layout, Way::OneStatement).await?;
            session.client.batch_execute("BEGIN").await?;
            session.append(&group(1)).await?;
            session.client.batch_execute("ROLLBACK").await?;
            rig.append(5, Duration::from_millis(1)).await?
        };
        let killed = {
            let mut child = start(layout, Doing::Open)?;
            child.kill()?;
            let waited = rig.append(5, Duration::from_millis(1)).await?;
            child.wait()?;
            waited
        };
        let stopped = {
            let child = start(layout, Doing::Open)?;
            signal("STOP", &child)?;
            let killed = tokio::spawn(kill_after(STOPPED, child));
            let waited = rig.append(5, Duration::from_millis(1)).await?;
            killed.await??;
            waited
        };
        let stopped_while_appending = {
            let mut child = start(layout, Doing::Appending)?;
            let mut waited = Vec::new();
            for round in 0..20 {
                // At another moment of an append each time.
                tokio::time::sleep(Duration::from_micros(3_000 + round * 137)).await;
                signal("STOP", &child)?;
                waited.extend(rig.append(10, Duration::from_millis(1)).await?);
                signal("CONT", &child)?;
            }
            child.kill()?;
            child.wait()?;
            waited
        };
        let columns = [rolled_back, killed, stopped, stopped_while_appending].map(longest);
        println!("| {} | {} |", layout.name, columns.join(" | "));
    }
    Ok(())
}

fn group(stream: i64) -> Group {
    Group::of(Part { stream, expected: None, events: 1 })
}

fn longest(waited: Vec<Waited>) -> String {
    let most = |of: fn(&Waited) -> Duration| {
        waited.iter().map(of).max().unwrap_or_default().as_secs_f64() * 1e3
    };
    format!("{:.1} ms, {:.1} ms", most(|waited| waited.append), most(|waited| waited.follower))
}

/// Starts this program once more, and waits until it is where it should be.
fn start(layout: &Layout, doing: Doing) -> Tried<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--other-process", layout.schema, &format!("{doing:?}")])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() != "there" {
        return Err("the other process has ended".into());
    }
    Ok(child)
}

/// Runs the other process.
pub(crate) async fn other_process(config: &Config, layout: Layout, doing: &str) -> Tried<()> {
    let session = Session::open(config, layout, Way::OneStatement).await?;
    if doing == "Open" {
        session.client.batch_execute("BEGIN").await?;
    }
    session.append(&group(2)).await?;
    println!("there");
    std::io::stdout().flush()?;
    if doing == "Open" {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return Ok(());
    }
    loop {
        session.append(&group(2)).await?;
    }
}

async fn kill_after(time: Duration, mut child: Child) -> std::io::Result<()> {
    tokio::time::sleep(time).await;
    child.kill()?;
    child.wait().map(drop)
}

fn signal(name: &str, child: &Child) -> Tried<()> {
    let done =
        Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status()?;
    if done.success() { Ok(()) } else { Err(format!("SIG{name} was not sent: {done}").into()) }
}
