//! Commands by HTTP, and the read model by SQL.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use esrs::prelude::*;
use esrs::projection::Value;
use esrs::runner::{Running, SubscriptionFailure};
use serde_json::json;

use crate::domain::{AccountId, BankAccount, Close, Deposit, Open, Refusal, Withdraw};
use crate::problem::{Problem, invalid, unreadable};
use crate::summary::AccountSummary;

/// A command is a few words; the server reads no more of a body than this.
const LARGEST_BODY: usize = 16 * 1024;

/// An actor or an idempotency key is not longer, in bytes.
const LONGEST_HEADER: usize = 200;

/// The time that a response waits for the read model to contain the events of the command.
const UNTIL_SHOWN: Duration = Duration::from_secs(2);

/// The state that the routes share.
pub(crate) struct Bank {
    accounts: Repository<BankAccount>,
    store: PostgresStore,
    running: Running,
}

impl Bank {
    /// A bank over this log, whose subscriptions run.
    pub(crate) fn new(store: PostgresStore, running: Running) -> Self {
        Self { accounts: Repository::new(store.clone()), store, running }
    }

    /// Resolves when a read model is not followed any more, so that the rows get old.
    pub(crate) async fn failed(&self) -> SubscriptionFailure {
        self.running.failed().await
    }

    /// Ends what runs.
    pub(crate) async fn stop(self) {
        self.running.stop().await;
        self.store.close().await;
    }
}

type Answer = Result<(StatusCode, Json<serde_json::Value>), Problem>;

/// The routes of the bank.
pub(crate) fn routes(bank: Arc<Bank>) -> Router {
    Router::new()
        .route("/accounts", get(rich))
        .route("/accounts/{id}", get(account).put(open).delete(close))
        .route("/accounts/{id}/deposits", post(deposit))
        .route("/accounts/{id}/withdrawals", post(withdraw))
        .route("/fraud-alerts", get(fraud_alerts))
        .route("/status", get(status))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(bank)
}

async fn open(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    command: Result<Json<Open>, JsonRejection>,
) -> Answer {
    let Json(command) = command.map_err(unreadable)?;
    execute(&bank, id, command, &headers, StatusCode::CREATED).await
}

async fn deposit(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    command: Result<Json<Deposit>, JsonRejection>,
) -> Answer {
    let Json(command) = command.map_err(unreadable)?;
    execute(&bank, id, command, &headers, StatusCode::OK).await
}

async fn withdraw(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    command: Result<Json<Withdraw>, JsonRejection>,
) -> Answer {
    let Json(command) = command.map_err(unreadable)?;
    execute(&bank, id, command, &headers, StatusCode::OK).await
}

async fn close(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    execute(&bank, id, Close, &headers, StatusCode::OK).await
}

/// A header as text, if it is there. One that is there twice, is no text or is too long is refused: to
/// ignore an idempotency key is to execute a request twice.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid(format!("the header `{name}` is there more than once")));
    }
    match value.to_str() {
        Ok(text) if text.len() <= LONGEST_HEADER => Ok(Some(text)),
        Ok(_) => Err(invalid(format!("the header `{name}` is longer than {LONGEST_HEADER} bytes"))),
        Err(_) => Err(invalid(format!("the header `{name}` has other characters than ASCII"))),
    }
}

async fn execute<C>(
    bank: &Bank,
    id: String,
    command: C,
    headers: &HeaderMap,
    done: StatusCode,
) -> Answer
where
    BankAccount: Handle<C, Error = Refusal>,
    C: Serialize + Send + Sync,
{
    let mut execute = bank.accounts.execute(&AccountId(id), command);
    // Authentication is missing in this example: whoever sends a request says who it is. A real service
    // takes the actor from a token or a session that it has verified, in a middleware before these routes
    // (such as `axum::middleware::from_extractor`), and never from a header that the client writes.
    if let Some(actor) = header(headers, "x-actor")? {
        execute = execute.by(actor);
    }
    // <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>
    if let Some(key) = header(headers, "idempotency-key")? {
        execute = execute.idempotency_key(key);
    }
    let (executed, status) = match execute.wait_for::<AccountSummary>(UNTIL_SHOWN).await {
        Ok(executed) => (executed, done),
        // It is stored, and will be shown.
        Err(ExecuteError::NotSeen { executed, .. }) => (*executed, StatusCode::ACCEPTED),
        Err(error) => return Err(error.into()),
    };
    let body = json!({ "version": executed.version(), "repeated": executed.was_repeated() });
    Ok((status, Json(body)))
}

async fn account(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
) -> Result<Json<AccountSummary>, Problem> {
    let row = bank.store.get::<AccountSummary>(&AccountId(id)).await?;
    row.map(Json).ok_or_else(|| Problem::from(&Refusal::NoSuchAccount))
}

#[derive(Deserialize)]
struct AtLeast {
    #[serde(default)]
    min_cents: i64,
}

/// The accounts that hold at least so much, the richest first.
async fn rich(
    State(bank): State<Arc<Bank>>,
    Query(AtLeast { min_cents }): Query<AtLeast>,
) -> Result<Json<Vec<AccountSummary>>, Problem> {
    let condition = "cents >= $1 ORDER BY cents DESC, account_id LIMIT 100";
    Ok(Json(bank.store.find(condition, [min_cents.into()]).await?))
}

/// Returns the findings of the report, as far as it runs.
async fn fraud_alerts(State(bank): State<Arc<Bank>>) -> Result<Json<serde_json::Value>, Problem> {
    let sql = "SELECT account_id, withdrawals, cents FROM fraud_alerts ORDER BY account_id";
    let rows = bank.store.query(sql, []).await?;
    let number = |value: &Value| match value {
        Value::Integer(number) => *number,
        _ => 0,
    };
    let alerts = rows.iter().map(|row| {
        json!({
            "account_id": row[0].to_string(),
            "withdrawals": number(&row[1]),
            "cents": number(&row[2]),
        })
    });
    Ok(Json(alerts.collect()))
}

/// Returns the status of each subscription.
async fn status(State(bank): State<Arc<Bank>>) -> Json<serde_json::Value> {
    let subscriptions = bank.running.status().await;
    let subscriptions = subscriptions.iter().map(|status| {
        json!({
            "name": status.name,
            "state": format!("{:?}", status.state),
            "position": status.position.get(),
            "lag": status.lag(),
            "parked": status.parked,
        })
    });
    Json(subscriptions.collect())
}
