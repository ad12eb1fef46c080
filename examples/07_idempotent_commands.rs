//! Idempotent commands: a client that never knows whether it was heard.
//!
//! An answer can be lost on its way, and then the client asks again. With an idempotency key that is
//! safe: the key is stored in the transaction of the events, so the repetition finds it, and is given
//! the first answer. Also after a crash, also in another process, and also when the command would be
//! rejected by now.
//!
//! A key stands for one command: used for another, it is an error, and nothing is executed.

use std::error::Error;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("ticket_sold")]
struct TicketSold {
    to: String,
}

#[derive(Aggregate, Default)]
#[aggregate("concert", id = String, events(TicketSold))]
struct Concert {
    sold: Vec<String>,
}

impl Apply<TicketSold> for Concert {
    fn apply(&mut self, event: TicketSold) {
        self.sold.push(event.to);
    }
}

#[derive(Serialize)]
struct Buy {
    to: &'static str,
}

#[derive(Debug, thiserror::Error)]
#[error("it is sold out")]
struct SoldOut;

impl Handle<Buy> for Concert {
    type Error = SoldOut;

    fn handle(&self, command: &Buy, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        match self.sold.len() {
            0..2 => Ok(TicketSold { to: command.to.to_owned() }.into()),
            _ => Err(SoldOut),
        }
    }
}

/// The service, at the other end of a bad line: of its answers, so many are lost.
struct Service {
    concerts: Repository<Concert>,
    answers_to_lose: u32,
}

#[derive(Debug)]
struct LineIsDead;

impl Service {
    async fn buy(&mut self, to: &'static str, request_id: &str) -> Result<String, LineIsDead> {
        let concert = "Opening night".to_owned();
        let bought = self.concerts.execute(&concert, Buy { to }).by(to).idempotency_key(request_id);
        let answer = match bought.await {
            Ok(bought) if bought.was_repeated() => {
                format!("ticket {} (it was sold to you before)", bought.version())
            }
            Ok(bought) => format!("ticket {}", bought.version()),
            Err(error) => error.to_string(),
        };
        if self.answers_to_lose > 0 {
            self.answers_to_lose -= 1;
            return Err(LineIsDead);
        }
        Ok(answer)
    }
}

/// A client that asks until it is answered, each time with the same request id.
async fn buy(service: &mut Service, to: &'static str, request_id: &str) {
    for attempt in 1.. {
        match service.buy(to, request_id).await {
            Ok(answer) => return println!("{to}, {request_id}: {answer}"),
            Err(LineIsDead) => println!("{to}, {request_id}: no answer to attempt {attempt}"),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("concerts.db");
    let store = SqliteStore::open(&file).await?;
    let concerts = Repository::new(store.clone());
    let mut service = Service { concerts, answers_to_lose: 2 };

    buy(&mut service, "Alice", "request 1").await;
    buy(&mut service, "Bob", "request 2").await;
    // The last ticket is gone, and that is what a new request is told.
    buy(&mut service, "Carol", "request 3").await;

    // The service is started again, on the same file; Bob's phone repeats what it had no answer for.
    store.close().await;
    let concerts = Repository::new(SqliteStore::open(&file).await?);
    let mut service = Service { concerts, answers_to_lose: 0 };
    buy(&mut service, "Bob", "request 2").await;
    // The same wish under a new key is another request.
    buy(&mut service, "Bob", "request 4").await;
    // A client that uses a key for two requests has a bug, and is told so.
    buy(&mut service, "Carol", "request 1").await;

    let concert = service.concerts.load(&"Opening night".to_owned()).await?;
    println!("sold to {}", concert.sold.join(" and "));
    Ok(())
}
