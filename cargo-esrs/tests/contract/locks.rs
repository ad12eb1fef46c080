//! The locks of the package `bank` say what its source does.

use esrs::Schema;
use esrs_core::schema::lock::outline_of;

use crate::bank::{AccountClosed, AccountOpened, MoneyDeposited, MoneyDepositedV1, MoneyWithdrawn};
use crate::support::bank;

/// The outline of the last entry of this version.
fn locked(event: &str, version: u32) -> Vec<String> {
    let text = std::fs::read_to_string(bank().join(format!("schema/events/{event}.lock"))).unwrap();
    let (_, entry) = text.rsplit_once(&format!("\nversion {version} = ")).unwrap();
    let lines = entry.lines().skip(1).take_while(|line| !line.is_empty());
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_locks_of_the_bank_are_of_its_source() {
    assert_eq!(locked("account_opened", 1), outline_of(AccountOpened::SHAPE));
    assert_eq!(locked("account_closed", 1), outline_of(AccountClosed::SHAPE));
    assert_eq!(locked("money_deposited", 1), outline_of(MoneyDepositedV1::SHAPE));
    assert_eq!(locked("money_deposited", 2), outline_of(MoneyDeposited::SHAPE));
    assert_eq!(locked("money_withdrawn", 1), outline_of(MoneyWithdrawn::SHAPE));
}
