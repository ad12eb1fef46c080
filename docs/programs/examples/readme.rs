//! Sells two tickets for a concert, and refuses the third.

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("ticket_sold")]
struct TicketSold {
    to: String,
}

#[derive(Aggregate, Default)]
#[aggregate("concert", id = String, events(TicketSold))]
struct Concert {
    sold: u32,
}

impl Apply<TicketSold> for Concert {
    fn apply(&mut self, _: TicketSold) {
        self.sold += 1;
    }
}

struct Buy {
    to: String,
}

#[derive(Debug, thiserror::Error)]
#[error("sold out")]
struct SoldOut;

impl Handle<Buy> for Concert {
    type Error = SoldOut;

    fn handle(&self, buy: &Buy, _: &Context<Self>) -> Result<Events<Self>, SoldOut> {
        if self.sold == 2 {
            return Err(SoldOut);
        }
        Ok(TicketSold { to: buy.to.clone() }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let concerts = Repository::<Concert>::new(SqliteStore::open("concerts.db").await?);
    for to in ["Alice", "Bob", "Carol"] {
        match concerts.execute(&"opening".to_owned(), Buy { to: to.to_owned() }).by(to).await {
            Ok(sold) => println!("{to} has ticket {}", sold.version()),
            Err(error) => println!("{to}: {error}"),
        }
    }
    Ok(())
}
