//! The bank service, driven over HTTP like any client drives it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

/// A process of the service, and where it listens.
struct Service {
    process: Child,
    said: BufReader<ChildStdout>,
    url: String,
    agent: Agent,
}

impl Service {
    fn start(database: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_bank-service"))
            .args(["--database", database, "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { process, said, url, agent }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let mut response = self.agent.get(format!("{}{path}", self.url)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_json().unwrap())
    }

    fn put(&self, path: &str, body: Value) -> (u16, Value) {
        let mut response = self.agent.put(format!("{}{path}", self.url)).send_json(body).unwrap();
        (response.status().as_u16(), response.body_mut().read_json().unwrap())
    }

    fn post(&self, path: &str, key: Option<&str>, body: Value) -> (u16, String, Value) {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("x-actor", "alice");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut response = request.send_json(body).unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), kind, response.body_mut().read_json().unwrap())
    }

    fn delete(&self, path: &str) -> (u16, Value) {
        let mut response = self.agent.delete(format!("{}{path}", self.url)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_json().unwrap())
    }

    /// Asks it to end, as a deployment does.
    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut last = String::new();
        self.said.read_line(&mut last).unwrap();
        assert_eq!(last, "stopped\n");
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already, where the test came so far.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn database() -> postgres_server::Database {
    postgres_server::database().unwrap()
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn whoever_has_written_reads_what_was_written() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    let (status, answer) = bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    assert_eq!((status, &answer["version"]), (201, &json!(1)));
    for number in 1..=10 {
        let (status, _, _) = bank.post("/accounts/A-1/deposits", None, json!({ "cents": 100 }));
        assert_eq!(status, 200);
        let (status, row) = bank.get("/accounts/A-1");
        let shown = json!({ "account_id": "A-1", "owner": "Alice", "cents": 100 * number });
        assert_eq!((status, row), (200, shown));
    }
    bank.put("/accounts/A-2", json!({ "owner": "Bob" }));
    bank.post("/accounts/A-2/deposits", None, json!({ "cents": 5000 }));
    let (_, rich) = bank.get("/accounts?min_cents=1000");
    let ids: Vec<_> =
        rich.as_array().unwrap().iter().map(|row| row["account_id"].clone()).collect();
    assert_eq!(ids, ["A-2", "A-1"]);
    bank.post("/accounts/A-2/withdrawals", None, json!({ "cents": 5000 }));
    assert_eq!(bank.delete("/accounts/A-2").0, 200);
    assert_eq!(bank.get("/accounts/A-2").0, 404);
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_request_that_is_repeated_under_its_key_is_done_once() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    bank.post("/accounts/A-1/deposits", None, json!({ "cents": 100 }));
    for repeated in [false, true, true] {
        let withdrawal = json!({ "cents": 100 });
        let (status, _, answer) = bank.post("/accounts/A-1/withdrawals", Some("w-1"), withdrawal);
        assert_eq!((status, &answer["repeated"]), (200, &json!(repeated)));
    }
    assert_eq!(bank.get("/accounts/A-1").1["cents"], json!(0));
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn what_is_refused_is_told_as_problem_details() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    let (status, kind, problem) =
        bank.post("/accounts/A-1/withdrawals", None, json!({ "cents": 7 }));
    assert_eq!((status, kind.as_str()), (422, "application/problem+json"));
    assert_eq!(
        problem,
        json!({
            "type": "/problems/insufficient-funds",
            "title": "There is not enough money",
            "status": 422,
            "detail": "7 cents are missing",
        })
    );
    let (status, _, problem) = bank.post("/accounts/A-9/deposits", None, json!({ "cents": 7 }));
    assert_eq!((status, &problem["type"]), (404, &json!("/problems/no-such-account")));
    let (status, problem) = bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/opened-before")));
    let (status, _, _) = bank.post("/accounts/A-1/deposits", Some(""), json!({ "cents": 7 }));
    assert_eq!(status, 400, "an empty key is none");
    bank.stop();
}

impl Service {
    /// Sends a deposit with these headers, as bytes, and answers the status and the whole answer.
    fn send(&self, path: &str, headers: &[(&str, &[u8])], body: &str) -> (u16, String) {
        use std::io::{Read, Write};
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        )
        .into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(format!("{name}: ").as_bytes());
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(format!("\r\n{body}").as_bytes());
        // A server that refuses a request need not read all of it.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_header_that_is_no_text_is_refused_and_nothing_is_executed() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    let long = "x".repeat(201);
    let refused: &[&[(&str, &[u8])]] = &[
        &[("idempotency-key", "d-\u{e9}1".as_bytes())],
        &[("idempotency-key", b"d-\xff1")],
        &[("idempotency-key", b"d\t1")],
        &[("idempotency-key", b"d-1"), ("idempotency-key", b"d-2")],
        &[("idempotency-key", b"")],
        &[("idempotency-key", long.as_bytes())],
        &[("x-actor", b"alice\xff")],
        &[("x-actor", b"  ")],
        &[("x-actor", b"alice"), ("x-actor", b"bob")],
        &[("x-actor", long.as_bytes())],
    ];
    for headers in refused {
        for _ in 0..2 {
            let (status, answer) = bank.send("/accounts/A-1/deposits", headers, r#"{"cents":100}"#);
            assert_eq!(status, 400, "{headers:?}: {answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
        }
        assert_eq!(bank.get("/accounts/A-1").1["cents"], json!(0), "{headers:?}");
    }
    let (status, _, _) = bank.post("/accounts/A-1/deposits", Some("d-1"), json!({ "cents": 7 }));
    assert_eq!(status, 200);
    assert_eq!(bank.get("/accounts/A-1").1["cents"], json!(7));
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_balance_that_does_not_fit_is_refused_and_the_account_goes_on() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    for account in ["A-1", "A-2"] {
        let (deposits, withdrawals) =
            (format!("/accounts/{account}/deposits"), format!("/accounts/{account}/withdrawals"));
        bank.put(&format!("/accounts/{account}"), json!({ "owner": "Alice" }));
        let most = json!({ "cents": i64::MAX });
        assert_eq!(bank.post(&deposits, None, most.clone()).0, 200);
        for more in [i64::MAX, 1] {
            let (status, _, problem) = bank.post(&deposits, None, json!({ "cents": more }));
            assert_eq!((status, &problem["type"]), (422, &json!("/problems/too-much")));
        }
        for less in [i64::MIN, -1, 0] {
            let (status, _, problem) = bank.post(&withdrawals, None, json!({ "cents": less }));
            assert_eq!((status, &problem["type"]), (422, &json!("/problems/nothing-to-move")));
        }
        assert_eq!(bank.post(&withdrawals, None, most).0, 200);
        assert_eq!(bank.post(&deposits, None, json!({ "cents": 5 })).0, 200);
        assert_eq!(bank.get(&format!("/accounts/{account}")).1["cents"], json!(5));
    }
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_key_with_another_request_is_refused() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    let deposits = "/accounts/A-1/deposits";
    assert_eq!(bank.post(deposits, Some("k"), json!({ "cents": 100 })).0, 200);
    for (path, cents) in [(deposits, 101), ("/accounts/A-1/withdrawals", 100)] {
        let (status, _, problem) = bank.post(path, Some("k"), json!({ "cents": cents }));
        assert_eq!((status, &problem["type"]), (422, &json!("/problems/key-reused")));
    }
    let (status, _, answer) = bank.post(deposits, Some("k"), json!({ "cents": 100 }));
    assert_eq!((status, &answer["repeated"]), (200, &json!(true)));
    assert_eq!(bank.get("/accounts/A-1").1["cents"], json!(100));
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn no_answer_shows_what_it_refuses() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Jane Doe" }));
    let large = format!(r#"{{"cents":1,"more":"{}"}}"#, "Jane Doe ".repeat(3_000));
    for (path, body, expected) in [
        ("/accounts/A-1/deposits", r#"{"cents":"Jane Doe"}"#, 422),
        ("/accounts/A-1/deposits", r#"{"Jane Doe":1}"#, 422),
        ("/accounts/A-1/deposits", r#"{"cents":Jane Doe}"#, 400),
        ("/accounts/A-1/deposits", &large, 413),
        ("/accounts/Jane%0ADoe/deposits", r#"{"cents":1}"#, 400),
    ] {
        let (status, answer) = bank.send(path, &[("idempotency-key", b"Jane Doe")], body);
        assert_eq!(status, expected, "{answer}");
        assert!(!answer.contains("Jane") && !answer.contains("Doe"), "{answer}");
    }
    // What the table refuses is parked, and the reason is shown.
    let alter = |sql: &str| {
        let psql = Command::new("psql").args([database.url(), "-qc", sql]).status().unwrap();
        assert!(psql.success());
    };
    alter("ALTER TABLE account_summary ADD CHECK (owner <> 'Jane Moe')");
    let (status, answer) = bank.put("/accounts/A-2", json!({ "owner": "Jane Moe" }));
    assert_eq!(status, 202, "{answer}");
    let (_, status) = bank.get("/status");
    let status = status.to_string();
    assert!(!status.contains("Moe"), "{status}");
    // Where the database is, and what it says, is for the log.
    let unavailable = json!({
        "type": "/problems/unavailable",
        "title": "The bank cannot be reached",
        "status": 503,
        "detail": "try again later",
    });
    alter("ALTER TABLE account_summary RENAME TO renamed");
    assert_eq!(bank.get("/accounts"), (503, unavailable.clone()));
    alter("ALTER TABLE esrs.events RENAME TO renamed");
    let (status, _, answer) = bank.post("/accounts/A-1/deposits", None, json!({ "cents": 1 }));
    assert_eq!((status, answer), (503, unavailable));
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_report_that_came_later_has_seen_the_whole_history() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    for account in ["A-1", "A-2"] {
        bank.put(&format!("/accounts/{account}"), json!({ "owner": "Alice" }));
        let deposits = format!("/accounts/{account}/deposits");
        bank.post(&deposits, None, json!({ "cents": 1000 }));
    }
    for _ in 0..4 {
        bank.post("/accounts/A-1/withdrawals", None, json!({ "cents": 10 }));
    }
    bank.post("/accounts/A-2/withdrawals", None, json!({ "cents": 10 }));
    bank.stop();

    let bank = Service::start(database.url(), &["--fraud-report"]);
    let begun = Instant::now();
    loop {
        let (_, status) = bank.get("/status");
        let report = status.as_array().unwrap().iter().find(|one| one["name"] == "fraud_report");
        if report.is_some_and(|one| one["lag"] == 0 && one["position"] != 0) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{status}");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (status, alerts) = bank.get("/fraud-alerts");
    assert_eq!(status, 200);
    assert_eq!(alerts, json!([{ "account_id": "A-1", "withdrawals": 4, "cents": 40 }]));
    bank.stop();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn the_read_model_is_built_anew_while_it_is_asked() {
    let database = database();
    let bank = Service::start(database.url(), &[]);
    bank.put("/accounts/A-1", json!({ "owner": "Alice" }));
    for _ in 0..20 {
        bank.post("/accounts/A-1/deposits", None, json!({ "cents": 1 }));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_bank-service"))
        .args(["--database", database.url(), "rebuild"])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, "account_summary was built anew from 21 events: 1 rows\n");
    bank.post("/accounts/A-1/deposits", None, json!({ "cents": 1 }));
    assert_eq!(bank.get("/accounts/A-1").1["cents"], json!(21));
    bank.stop();
}
