//! The operations of the bank of each library.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

pub(crate) type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Opens the bank in an empty database.
pub(crate) type Open = fn(String) -> Opening;
pub(crate) type Opening = Pin<Box<dyn Future<Output = Tried<Arc<dyn Peer>>> + Send>>;

/// As many connections for everybody; what sqlx and postgres-es take by default.
pub(crate) const CONNECTIONS: u32 = 10;

/// A bank.
#[async_trait]
pub(crate) trait Peer: Send + Sync {
    /// Deposits one cent, unless another writer appended first; returns false then.
    async fn try_deposit(&self, account: u64) -> Tried<bool>;

    /// Deposits one cent; says how many tries it took.
    async fn deposit(&self, account: u64) -> Tried<u64> {
        let mut tries = 1;
        while !self.try_deposit(account).await? {
            tries += 1;
        }
        Ok(tries)
    }

    /// Withdraws, unless that is more than there is; says which.
    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool>;

    /// Loads the account.
    async fn balance(&self, account: u64) -> Tried<i64>;

    /// Makes an account with so many deposits, the last of them by the library itself, and the
    /// snapshot that would be there by then.
    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()>;
}
