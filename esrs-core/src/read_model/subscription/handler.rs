//! Event handlers: what a row cannot say, with the transaction of the store in hand.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{Owner, Parked, RowTransaction, Subscriber, Subscription, Transaction};
use crate::event::{Envelope, Position, Recorded};
use crate::log::{BoxError, EventFilter, Page, ProjectionError, Record, RowError, StoreError};
use crate::read_model::projection::{
    Place, Source, SourceOf, each_input, filter_of, guarded_async,
};
use crate::schema::StoredAs;
use crate::value::guarded;

/// A handler of events in the transaction that moves the checkpoint: SQL of your own.
///
/// A [`Projection`](crate::Projection) says it shorter wherever an event is about rows of one table.
///
/// ```
/// use esrs_core::subscription::{EventHandler, Listen, On, Transaction};
/// use esrs_core::{BoxError, Recorded};
/// # use esrs_derive::{Aggregate, Event};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event("money_transferred", crate = ::esrs_core)]
/// # struct MoneyTransferred { cents: i64 }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate("transfer", id = u64, events(ignored(MoneyTransferred)), crate = ::esrs_core)]
/// # struct Transfer {}
///
/// /// A row for each large transfer.
/// struct LargeTransfers;
///
/// impl EventHandler for LargeTransfers {
///     const NAME: &'static str = "large_transfers";
///
///     fn listen(events: Listen<Self>) -> Listen<Self> {
///         events.to::<Transfer, MoneyTransferred>()
///     }
///
///     async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
///         transaction.execute("DROP TABLE IF EXISTS large_transfers", &[]).await?;
///         let create = "CREATE TABLE large_transfers (transfer text, cents bigint)";
///         transaction.execute(create, &[]).await?;
///         Ok(())
///     }
/// }
///
/// impl On<MoneyTransferred> for LargeTransfers {
///     async fn on(
///         &mut self,
///         event: &Recorded<MoneyTransferred>,
///         transaction: &mut dyn Transaction,
///     ) -> Result<(), BoxError> {
///         if event.cents >= 1_000_000 {
///             let insert = "INSERT INTO large_transfers VALUES ($1, $2)";
///             let parameters = [Recorded::stream(event).id().into(), event.cents.into()];
///             transaction.execute(insert, &parameters).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event handler",
    label = "not an event handler",
    note = "write `impl EventHandler for {Self}` with its `NAME`, the events that it listens to and what it does to start over, and an `impl On<…>` for each event; a row of a table is a `#[derive(Projection)]`"
)]
pub trait EventHandler: Sized + Send + 'static {
    /// The name of its checkpoint.
    const NAME: &'static str;
    /// Raised by hand, when what it made of events so far must be rebuilt.
    const VERSION: u32 = 1;

    /// The events that it listens to.
    fn listen(events: Listen<Self>) -> Listen<Self>;

    /// Makes its tables, empty, whatever is there: what comes next is the first event of the log.
    ///
    /// It runs in the transaction of the first events.
    ///
    /// # Errors
    /// Whatever keeps it from that.
    fn start_over(
        &mut self,
        transaction: &mut dyn Transaction,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// The reaction of an [`EventHandler`] to an event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what to do for `{E}`",
    label = "`{Self}` has no `On` for this event",
    note = "write `impl On<{E}> for {Self} {{ async fn on(&mut self, event: &Recorded<{E}>, transaction: &mut dyn Transaction) -> Result<(), BoxError> {{ … }} }}`"
)]
pub trait On<E>: EventHandler {
    /// Does it.
    ///
    /// # Errors
    /// Whatever keeps it from that; nothing is stored then, and the event is tried again. One that
    /// cannot be taken is parked, with its stream.
    fn on(
        &mut self,
        event: &Recorded<E>,
        transaction: &mut dyn Transaction,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// The events that an [`EventHandler`] listens to.
#[derive(Debug)]
pub struct Listen<H> {
    sources: Vec<Source>,
    calls: Vec<Call<H>>,
}

type Handling<'a> = BoxFuture<'a, Result<(), RowError>>;

/// Decodes an event, and gives it to the handler.
type Call<H> =
    for<'a> fn(&'a mut H, &'a Input, &'a mut dyn Transaction) -> Result<Handling<'a>, RowError>;

/// An event that is still to be handled.
#[derive(Debug)]
struct Input {
    source: usize,
    stored: StoredAs,
    payload: String,
    envelope: Envelope,
    place: Place,
}

impl<H: EventHandler> Listen<H> {
    /// Also the event `E` of the aggregate `A`.
    #[must_use]
    pub fn to<A, E>(mut self) -> Self
    where
        E: SourceOf<A> + Send + Sync + 'static,
        H: On<E>,
    {
        self.sources.push(E::SOURCE);
        self.calls.push(|handler, input, transaction| {
            E::of_an_instance(&input.envelope)?;
            let event = E::recorded(input.stored, &input.payload, input.envelope.clone())?;
            Ok(Box::pin(
                async move { handler.on(&event, transaction).await.map_err(RowError::Handler) },
            ))
        });
        self
    }
}

/// An [`EventHandler`] as a subscriber.
pub struct Handled<H> {
    handler: H,
    subscription: Arc<Subscription>,
    listen: Listen<H>,
    inputs: Vec<Input>,
}

impl<H: EventHandler> Handled<H> {
    /// The handler, which begins where its checkpoint stands.
    pub fn new(handler: H) -> Self {
        let (listen, subscription) = (listening::<H>(), Arc::new(Self::subscription_of()));
        Self { handler, subscription, listen, inputs: Vec::new() }
    }

    /// The subscription of `H`.
    pub fn subscription_of() -> Subscription {
        Subscription {
            name: H::NAME,
            definition: definition::<H>(&listening::<H>().sources).into(),
            table: None,
            building: false,
            owner: Some(Owner::of::<H>()),
        }
    }
}

fn listening<H: EventHandler>() -> Listen<H> {
    H::listen(Listen { sources: Vec::new(), calls: Vec::new() })
}

/// Its version, and the events it listens to.
fn definition<H: EventHandler>(sources: &[Source]) -> String {
    let name = |source: &Source| format!("{}.{}", source.category, source.event.name);
    let mut events: Vec<_> = sources.iter().map(name).collect();
    events.sort();
    format!("v{}; {}", H::VERSION, events.join(", "))
}

impl<H: EventHandler> Subscriber for Handled<H> {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        filter_of(&self.listen.sources)
    }

    fn take(&mut self, page: &Page, except: &Parked) -> Result<(), ProjectionError> {
        let Self { inputs, listen, .. } = self;
        inputs.clear();
        let is_wanted = |record: &Record<'_>| !except.leaves_out(record);
        each_input(
            H::NAME,
            &listen.sources,
            page,
            is_wanted,
            |record, (source, stored), payload| {
                let place = Place::of(record);
                let Some(envelope) = record.envelope() else {
                    return Err(place.error(H::NAME, RowError::NoEnvelope));
                };
                inputs.push(Input { source, stored, payload: payload.to_owned(), envelope, place });
                Ok(())
            },
        )
    }

    fn run<'a>(
        &'a mut self,
        from: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let Self { handler, listen, inputs, .. } = self;
        Box::pin(async move {
            let transaction = transaction.as_transaction();
            if from == Position::START {
                let starting = handler.start_over(transaction);
                let starting = async { starting.await.map_err(RowError::Handler) };
                let started = guarded_async(Box::pin(starting)).await;
                let started = match transaction.take_failure() {
                    Some(failure) => started.and(Err(RowError::Handler(failure.into()))),
                    None => started,
                };
                started.map_err(|error| StoreError::Database {
                    doing: "starting a handler",
                    source: match error {
                        RowError::Handler(source) => source,
                        other => other.into(),
                    },
                })?;
            }
            for input in inputs.drain(..) {
                let call = listen.calls[input.source];
                let handled = match guarded(|| call(handler, &input, transaction)) {
                    Ok(Ok(handling)) => guarded_async(handling).await,
                    Ok(Err(error)) => Err(error),
                    Err(message) => Err(RowError::Panicked { message }),
                };
                // A statement that failed has failed the event, also where the handler ignored it.
                let handled = match transaction.take_failure() {
                    Some(failure) => handled.and(Err(RowError::Handler(failure.into()))),
                    None => handled,
                };
                handled.map_err(|reason| input.place.error(H::NAME, reason))?;
            }
            Ok(())
        })
    }
}
