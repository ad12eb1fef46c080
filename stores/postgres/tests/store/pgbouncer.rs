//! PgBouncer between the store and the server.
#![cfg(unix)]

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{append, one, read_all, within};
use esrs_core::{EventStore, Position, StoreError, conformance};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;
use postgres_server::Server;

fn program() -> PathBuf {
    postgres_server::pgbouncer().unwrap_or_else(|error| panic!("{error}"))
}

/// PgBouncer remembers prepared statements since 1.21 if it is told to, and since 1.24 by default.
fn forgets_prepared_statements() -> &'static str {
    let output = Command::new(program()).arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let version = said.split_whitespace().nth(1).unwrap_or_else(|| panic!("{said:?}"));
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap());
    match (numbers.next().unwrap(), numbers.next().unwrap()) >= (1, 21) {
        true => "max_prepared_statements = 0",
        false => "",
    }
}

fn name_of(user: u32) -> String {
    let output = Command::new("id").args(["-nu", &user.to_string()]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// One that gives the connections of a server to many, and is gone with this value.
struct PgBouncer {
    child: Child,
    config: PathBuf,
    url: String,
}

impl PgBouncer {
    /// In front of a database, with these lines in its settings.
    fn start(server: &Server, url: &str, settings: &str) -> Self {
        let server_config: tokio_postgres::Config = url.parse().unwrap();
        let server_port = server_config.get_ports()[0];
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let password = std::str::from_utf8(server_config.get_password().unwrap()).unwrap();
        // The user that the server runs as.
        let owner = std::fs::metadata(server.directory()).unwrap();
        let owner = (owner.uid(), owner.gid());
        let write = |name: &str, content: String| {
            let path = server.directory().join(name);
            std::fs::write(&path, content).unwrap();
            chown(&path, Some(owner.0), Some(owner.1)).unwrap();
            path
        };
        let users = write("users.txt", format!("\"postgres\" \"{password}\"\n"));
        let config = format!(
            "[databases]
             * = host=127.0.0.1 port={server_port}
             [pgbouncer]
             listen_addr = 127.0.0.1
             listen_port = {port}
             unix_socket_dir =
             auth_type = scram-sha-256
             auth_file = {}
             {}
             {}
             {settings}",
            users.display(),
            // It refuses to be run by root, who may be the only one who can read the program.
            if is_root() { format!("user = {}", name_of(owner.0)) } else { String::new() },
            forgets_prepared_statements(),
        );
        let lines: Vec<_> = config.lines().map(str::trim).collect();
        let config = write("pgbouncer.ini", lines.join("\n"));
        let url = url.replacen(&format!(":{server_port}/"), &format!(":{port}/"), 1);
        let child = Self::spawn(&config);
        let this = Self { child, config, url };
        this.wait_until_it_answers();
        this
    }

    fn spawn(config: &Path) -> Child {
        let mut command = Command::new(program());
        command.arg("--quiet").arg(config).stdin(Stdio::null());
        let log = std::fs::File::create(config.with_file_name("pgbouncer.log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        command.current_dir(config.parent().unwrap());
        command.spawn().unwrap()
    }

    fn wait_until_it_answers(&self) {
        let config: tokio_postgres::Config = self.url.parse().unwrap();
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", config.get_ports()[0])).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let log = std::fs::read_to_string(self.config.with_file_name("pgbouncer.log"));
        panic!("PgBouncer does not answer: {log:?}");
    }

    /// Ends it, as a crash does, and starts it again.
    fn restart(&mut self, pause: Duration) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::thread::sleep(pause);
        self.child = Self::spawn(&self.config);
        self.wait_until_it_answers();
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It has ended by itself otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_promise_is_kept_through_a_pool_of_sessions() {
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    let mut bouncer = PgBouncer::start(&server, database.url(), "pool_mode = session");
    let store = PostgresStore::open(&bouncer.url).await.unwrap();
    conformance::all(&store).await;

    // It is woken, and not by its poll.
    let patient = PostgresStore::builder(&bouncer.url).poll_interval(Duration::from_secs(3_600));
    let patient = patient.open().await.unwrap();
    let head = patient.wait_behind(Position::START).await.unwrap();
    let (woken, appended) = tokio::join!(
        within(Duration::from_secs(5), "being woken", patient.wait_behind(head)),
        append(&store, "woken")
    );
    assert_eq!(woken.unwrap(), appended.last_position);

    // It goes away, and comes back.
    let before = read_all(&store).await.len();
    let appends = (0..20).map(|id| {
        let store = store.clone();
        tokio::spawn(async move { store.append(one(format!("restart-{id}"))).await })
    });
    let (answers, restarted) = tokio::join!(
        join_all(appends),
        tokio::task::spawn_blocking(move || {
            bouncer.restart(Duration::from_millis(200));
            bouncer
        })
    );
    let stored = answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count();
    assert_eq!(stored, 20);
    assert_eq!(read_all(&store).await.len(), before + stored);
    drop(restarted.unwrap());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn options_in_the_url_are_refused_unless_they_are_to_be_ignored() {
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    let with_options = |bouncer: &PgBouncer| format!("{}?options=-cjit%3Doff", bouncer.url);
    let bouncer = PgBouncer::start(&server, database.url(), "pool_mode = session");
    let error = PostgresStore::open(&with_options(&bouncer)).await.unwrap_err().to_string();
    assert!(error.contains("unsupported startup parameter: options"), "{error}");
    drop(bouncer);
    let settings = "pool_mode = session\nignore_startup_parameters = options";
    let bouncer = PgBouncer::start(&server, database.url(), settings);
    append(&PostgresStore::open(&with_options(&bouncer)).await.unwrap(), "1").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_pool_of_transactions_that_forgets_prepared_statements_is_refused_at_once() {
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    for mode in ["transaction", "statement"] {
        let bouncer = PgBouncer::start(&server, database.url(), &format!("pool_mode = {mode}"));
        let opened = PostgresStore::open(&bouncer.url);
        let error = within(Duration::from_secs(20), "opening", opened).await.unwrap_err();
        let StoreError::Unavailable { reason, .. } = &error else { panic!("{error}") };
        for word in ["PgBouncer", "pool sessions", "max_prepared_statements"] {
            assert!(reason.contains(word), "{reason}");
        }
        // Other programs get connections as they were.
        let mut others = Vec::new();
        for _ in 0..4 {
            let other = crate::support::connect(&bouncer.url).await;
            if mode == "transaction" {
                other.batch_execute("BEGIN").await.unwrap();
            }
            let path = other.simple_query("SHOW search_path").await.unwrap();
            let path = path.iter().find_map(|answer| match answer {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            assert_eq!(path, Some("\"$user\", public"), "{mode}");
            others.push(other);
        }
    }
}
