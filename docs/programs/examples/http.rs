//! A bank behind HTTP: three routes, problem details and idempotency keys.

mod bank;

// ANCHOR: service
use std::error::Error;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bank::{AccountSummary, BankAccount, Deposit, Open, Refusal};
use esrs::prelude::*;
use serde_json::{Value, json};

#[derive(Clone)]
struct Bank {
    accounts: Repository<BankAccount>,
    store: SqliteStore,
}

fn routes(bank: Bank) -> Router {
    Router::new()
        .route("/accounts/{id}", get(account).put(open))
        .route("/accounts/{id}/deposits", post(deposit))
        .with_state(bank)
}

async fn open(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    Json(command): Json<Open>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let executed = bank.accounts.execute(&id, command).await?;
    Ok((StatusCode::CREATED, Json(json!({ "version": executed.version() }))))
}

async fn deposit(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(command): Json<Deposit>,
) -> Result<Json<Value>, Problem> {
    let mut execute = bank.accounts.execute(&id, command);
    if let Some(key) = headers.get("idempotency-key") {
        let key = key.to_str().map_err(|_| Problem::invalid("the idempotency key is not ASCII"))?;
        execute = execute.idempotency_key(key);
    }
    let executed = execute.await?;
    Ok(Json(json!({ "version": executed.version(), "repeated": executed.was_repeated() })))
}

async fn account(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Json<AccountSummary>, Problem> {
    let row = bank.store.get::<AccountSummary>(&id).await?;
    row.map(Json).ok_or_else(|| Problem::from(ExecuteError::Rejected(Refusal::NoSuchAccount)))
}
// ANCHOR_END: service

// ANCHOR: problem
struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn invalid(detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.to_owned() }
    }
}

impl From<ExecuteError<Refusal>> for Problem {
    fn from(error: ExecuteError<Refusal>) -> Self {
        let (status, detail) = match error {
            ExecuteError::Rejected(refusal) => {
                let status = match refusal {
                    Refusal::AlreadyOpen => StatusCode::CONFLICT,
                    Refusal::NoSuchAccount => StatusCode::NOT_FOUND,
                    Refusal::InvalidAmount { .. } | Refusal::InsufficientFunds { .. } => {
                        StatusCode::UNPROCESSABLE_ENTITY
                    }
                };
                (status, refusal.to_string())
            }
            ExecuteError::Conflict { .. } => {
                (StatusCode::CONFLICT, "another request was faster; try again".to_owned())
            }
            ExecuteError::WrongExpectedVersion { .. } => {
                (StatusCode::PRECONDITION_FAILED, "the account has changed".to_owned())
            }
            ExecuteError::KeyReused(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "the idempotency key is in use".to_owned())
            }
            ExecuteError::Load(LoadError::Id(error)) => {
                (StatusCode::BAD_REQUEST, error.to_string())
            }
            other => {
                // Log it here. A client must not see names of servers, files or streams.
                eprintln!("{other}");
                (StatusCode::SERVICE_UNAVAILABLE, "try again later".to_owned())
            }
        };
        Self { status, detail }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        eprintln!("{error}");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail: "try again later".to_owned() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "status": self.status.as_u16(), "detail": self.detail });
        let content_type = [("content-type", "application/problem+json")];
        (self.status, content_type, body.to_string()).into_response()
    }
}
// ANCHOR_END: problem

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::builder("bank.db").inline::<AccountSummary>().open().await?;
    let bank = Bank { accounts: Repository::new(store.clone()), store };
    // In a service: axum::serve(TcpListener::bind("127.0.0.1:3000").await?, routes(bank)).await?
    let service = routes(bank);

    request(&service, "PUT /accounts/alice", None, json!({ "owner": "Alice" })).await?;
    request(&service, "PUT /accounts/alice", None, json!({ "owner": "Alice" })).await?;
    for _ in 0..2 {
        let body = json!({ "cents": 500 });
        request(&service, "POST /accounts/alice/deposits", Some("request-7"), body).await?;
    }
    request(&service, "POST /accounts/alice/deposits", None, json!({ "cents": -1 })).await?;
    request(&service, "GET /accounts/alice", None, Value::Null).await?;
    request(&service, "GET /accounts/bob", None, Value::Null).await?;
    Ok(())
}
// ANCHOR_END: main

/// Sends a request to the routes, and prints the response.
async fn request(
    service: &Router,
    line: &str,
    key: Option<&str>,
    body: Value,
) -> Result<(), Box<dyn Error>> {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    let (method, path) = line.split_once(' ').ok_or("no path")?;
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = service.clone().oneshot(request.body(Body::from(body.to_string()))?).await?;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    println!("{line}: {status} {}", String::from_utf8(body.to_vec())?);
    Ok(())
}
