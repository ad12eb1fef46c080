//! The statements of a page of the log, and in which order: its end first, then its rows.
//!
//! The end, asked for later, may stand behind events that the rows do not show, and a follower that
//! goes on from there would never see them. So neither is asked for before both are prepared.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use esrs_core::{EventStore, Page, ReadQuery};
use esrs_postgres::PostgresStore;
use postgres_server::Server;

/// So long the last answer to a preparation is held back.
const HELD: Duration = Duration::from_millis(500);

/// The statements of a page that went through the proxy.
#[derive(Debug, Default)]
struct Wire {
    happened: Vec<String>,
    prepared: Vec<(String, &'static str)>,
    answered: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn the_end_of_the_log_is_asked_for_before_its_rows_once_both_are_prepared() {
    let server = Server::start().unwrap();
    PostgresStore::open(&server.url()).await.unwrap().close().await;
    let (url, wire) = proxy(&server.url());
    let store = PostgresStore::builder(&url).readers(1).open().await.unwrap();
    for _ in 0..2 {
        store.read(ReadQuery::all(), Page::new()).await.unwrap();
    }
    store.close().await;
    let happened = [
        "prepare the end",
        "prepare the rows",
        "both are prepared",
        "ask for the end",
        "ask for the rows",
        "ask for the end",
        "ask for the rows",
    ];
    assert_eq!(wire.lock().unwrap().happened, happened);
}

impl Wire {
    /// A message of the client.
    fn asked(&mut self, kind: u8, body: &[u8]) {
        let mut texts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        match (kind, texts.next(), texts.next()) {
            (b'P', Some(name), Some(sql)) => {
                let what = match sql {
                    sql if sql.contains("head.position") => "the end",
                    sql if sql.contains("ORDER BY position") => "the rows",
                    _ => return,
                };
                self.happened.push(format!("prepare {what}"));
                self.prepared.push((name.into_owned(), what));
            }
            (b'B', _, Some(name)) => {
                let found = self.prepared.iter().find(|(prepared, _)| *prepared == name);
                self.happened.extend(found.map(|(_, what)| format!("ask for {what}")));
            }
            _ => {}
        }
    }

    /// Returns true if a message of the server is the answer to the last of the preparations.
    fn is_last_answer(&mut self, kind: u8) -> bool {
        let is_answer = kind == b'1' && !self.prepared.is_empty();
        self.answered += usize::from(is_answer);
        is_answer && self.answered == 2
    }
}

/// Stands between a store and the server; the url of the store, and what its reader asks for.
fn proxy(url: &str) -> (String, Arc<Mutex<Wire>>) {
    let (before, behind) = url.rsplit_once(':').unwrap();
    let (port, database) = behind.split_once('/').unwrap();
    let port = port.parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let wire = Arc::new(Mutex::new(Wire::default()));
    let mut noted = Some(wire.clone());
    thread::spawn(move || {
        for client in listener.incoming() {
            // The first is the one that reads; another looks at it while the store is opened.
            let notes = noted.take().unwrap_or_default();
            thread::spawn(move || forward(client.unwrap(), port, &notes));
        }
    });
    (format!("{before}:{own}/{database}?sslmode=disable"), wire)
}

/// Takes messages both ways until the client ends the connection.
fn forward(client: TcpStream, port: u16, notes: &Arc<Mutex<Wire>>) {
    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answers = notes.clone();
    thread::spawn(move || forward_answers(from, to, &answers));
    forward_requests(client, &server, notes);
    // The server may have closed it before.
    let _ = server.shutdown(Shutdown::Both);
}

/// The next message: its first bytes, and the rest. `None` when the connection ends.
fn message(from: &mut impl Read, has_kind: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = vec![0; if has_kind { 5 } else { 4 }];
    from.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn forward_requests(mut client: TcpStream, mut server: &TcpStream, wire: &Mutex<Wire>) {
    // The first message is the only one without a kind.
    let mut has_kind = false;
    while let Some((head, body)) = message(&mut client, has_kind) {
        if has_kind {
            wire.lock().unwrap().asked(head[0], &body);
        }
        has_kind = true;
        if server.write_all(&[head, body].concat()).is_err() {
            return;
        }
    }
}

fn forward_answers(mut server: TcpStream, mut client: TcpStream, wire: &Mutex<Wire>) {
    while let Some((head, body)) = message(&mut server, true) {
        let is_last = wire.lock().unwrap().is_last_answer(head[0]);
        if is_last {
            // Time to ask for what is prepared already.
            thread::sleep(HELD);
            wire.lock().unwrap().happened.push("both are prepared".to_owned());
        }
        if client.write_all(&[head, body].concat()).is_err() {
            return;
        }
    }
}
