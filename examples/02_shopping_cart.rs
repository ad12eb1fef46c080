//! A shopping cart: an enum as a state machine.
//!
//! A cart is empty, filling, or checked out, and each state has only the data that makes sense in
//! it: no `Option` that is always there by then, no flag that contradicts another field.

use std::collections::BTreeMap;
use std::error::Error;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("item_added")]
struct ItemAdded {
    sku: String,
    cents: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("item_removed")]
struct ItemRemoved {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("cart_checked_out")]
struct CartCheckedOut {
    total_cents: u64,
}

// The reminder is part of the history, but no state follows from it.
#[derive(Event, Serialize, Deserialize)]
#[event("reminder_sent")]
struct ReminderSent {}

#[derive(Aggregate, Default)]
#[aggregate("cart", id = CartId, events(ItemAdded, ItemRemoved, CartCheckedOut, ignored(ReminderSent)))]
enum Cart {
    #[default]
    Empty,
    Filling {
        items: BTreeMap<String, u64>,
    },
    CheckedOut {
        total_cents: u64,
    },
}

#[derive(Id, Clone)]
struct CartId(u64);

impl Apply<ItemAdded> for Cart {
    fn apply(&mut self, event: ItemAdded) {
        match self {
            Cart::Filling { items } => {
                items.insert(event.sku, event.cents);
            }
            _ => *self = Cart::Filling { items: BTreeMap::from([(event.sku, event.cents)]) },
        }
    }
}

impl Apply<ItemRemoved> for Cart {
    fn apply(&mut self, event: ItemRemoved) {
        if let Cart::Filling { items } = self {
            items.remove(&event.sku);
            if items.is_empty() {
                *self = Cart::Empty;
            }
        }
    }
}

impl Apply<CartCheckedOut> for Cart {
    fn apply(&mut self, event: CartCheckedOut) {
        *self = Cart::CheckedOut { total_cents: event.total_cents };
    }
}

enum CartCommand {
    Add { sku: &'static str, cents: u64 },
    Remove { sku: &'static str },
    Remind,
    CheckOut,
}

#[derive(Debug, thiserror::Error)]
enum CartError {
    #[error("the cart is empty")]
    Empty,
    #[error("the cart is checked out already")]
    AlreadyCheckedOut,
    #[error("there is no {0} in the cart")]
    NotInCart(String),
}

impl Handle<CartCommand> for Cart {
    type Error = CartError;

    fn handle(&self, command: &CartCommand, _: &Context<Self>) -> Result<Events<Self>, CartError> {
        Ok(match (self, command) {
            (Cart::CheckedOut { .. }, _) => return Err(CartError::AlreadyCheckedOut),
            (_, CartCommand::Add { sku, cents }) => {
                ItemAdded { sku: (*sku).to_owned(), cents: *cents }.into()
            }
            (Cart::Filling { items }, CartCommand::Remove { sku }) if items.contains_key(*sku) => {
                ItemRemoved { sku: (*sku).to_owned() }.into()
            }
            (_, CartCommand::Remove { sku }) => {
                return Err(CartError::NotInCart((*sku).to_owned()));
            }
            (Cart::Filling { .. }, CartCommand::Remind) => ReminderSent {}.into(),
            (Cart::Empty, CartCommand::Remind) => Events::none(),
            (Cart::Filling { items }, CartCommand::CheckOut) => {
                CartCheckedOut { total_cents: items.values().sum() }.into()
            }
            (Cart::Empty, CartCommand::CheckOut) => return Err(CartError::Empty),
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let carts = Repository::<Cart>::new(MemoryStore::new());
    let id = CartId(7);
    let commands = [
        CartCommand::CheckOut,
        CartCommand::Remind,
        CartCommand::Add { sku: "teapot", cents: 2_450 },
        CartCommand::Add { sku: "cup", cents: 600 },
        CartCommand::Remove { sku: "saucer" },
        CartCommand::Remove { sku: "cup" },
        CartCommand::Remind,
        CartCommand::CheckOut,
        CartCommand::Add { sku: "spoon", cents: 300 },
    ];
    for command in commands {
        match carts.execute(&id, command).await {
            Ok(done) => println!("{} new, now {} events", done.event_count(), done.version()),
            Err(ExecuteError::Rejected(reason)) => println!("refused: {reason}"),
            Err(error) => return Err(error.into()),
        }
    }
    if let Cart::CheckedOut { total_cents } = Loaded::state(&carts.load(&id).await?) {
        println!("to pay: {total_cents} cents");
    }
    Ok(())
}
