//! Errors as problem details: <https://www.rfc-editor.org/rfc/rfc9457>.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use esrs::{ExecuteError, LoadError, StoreError};
use serde::Serialize;

use crate::domain::Refusal;

/// A problem, as a client is told of it.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// The kind of the problem: a reference that stays the same.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// This occurrence of it.
    detail: String,
}

impl Problem {
    /// A problem of this kind.
    pub(crate) fn new(
        status: StatusCode,
        (kind, title): (&'static str, &'static str),
        detail: impl ToString,
    ) -> Self {
        Self { kind, title, status: status.as_u16(), detail: detail.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

/// A request that this service does not take.
pub(crate) fn invalid(detail: impl ToString) -> Problem {
    let kind = ("/problems/invalid-request", "This cannot be stored");
    Problem::new(StatusCode::BAD_REQUEST, kind, detail)
}

/// A body that is no command: what axum says of it quotes what it cannot read.
pub(crate) fn unreadable(rejection: JsonRejection) -> Problem {
    let detail = "the body is no JSON of this command";
    Problem::new(rejection.status(), ("/problems/unreadable", "This cannot be read"), detail)
}

const UNAVAILABLE: (&str, &str) = ("/problems/unavailable", "The bank cannot be reached");

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let (status, kind) = match refusal {
            Refusal::OpenedBefore => {
                (StatusCode::CONFLICT, ("/problems/opened-before", "The account was opened before"))
            }
            Refusal::NoSuchAccount => {
                (StatusCode::NOT_FOUND, ("/problems/no-such-account", "There is no such account"))
            }
            Refusal::NothingToMove => (
                StatusCode::UNPROCESSABLE_ENTITY,
                ("/problems/nothing-to-move", "There is nothing to move"),
            ),
            Refusal::TooMuch => (
                StatusCode::UNPROCESSABLE_ENTITY,
                ("/problems/too-much", "The account cannot hold that much"),
            ),
            Refusal::InsufficientFunds { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                ("/problems/insufficient-funds", "There is not enough money"),
            ),
            Refusal::NotEmpty { .. } => {
                (StatusCode::CONFLICT, ("/problems/not-empty", "There is money on the account"))
            }
        };
        Self::new(status, kind, refusal)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // Where the database is, and what it said, is nothing for a client.
        tracing::error!(%error, "the store failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "try again later")
    }
}

impl From<ExecuteError<Refusal>> for Problem {
    fn from(error: ExecuteError<Refusal>) -> Self {
        match error {
            ExecuteError::Rejected(refusal) => Self::from(&refusal),
            ExecuteError::Conflict { conflict, .. } => Self::new(
                StatusCode::CONFLICT,
                ("/problems/busy-account", "Others were faster"),
                format!("{}: try again", conflict.stream),
            ),
            ExecuteError::KeyReused(reused) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                ("/problems/key-reused", "The idempotency key was used for another request"),
                format!("{}: give each request a key of its own", reused.stream),
            ),
            ExecuteError::Load(LoadError::Id(error)) => Self::new(
                StatusCode::BAD_REQUEST,
                ("/problems/invalid-id", "This can be no account"),
                error.reason,
            ),
            ExecuteError::BlankActor { .. } => invalid("the actor is blank"),
            ExecuteError::Store(
                error @ (StoreError::InvalidBatch { .. } | StoreError::Limit(_)),
            ) => invalid(error),
            other => {
                tracing::error!(error = %other, "a command failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "try again later")
            }
        }
    }
}
