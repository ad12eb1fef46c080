use std::time::Duration;
use esrs::runner::{Live, Parking, Runner};

async fn serve(
    store: PostgresStore,
    stop: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error>> {
    let in_memory = Live::<AccountSummary>::new();
    let running = Runner::new(store.clone())
        .project::<AccountSummary>()  // rows and checkpoint commit together: exactly once
        .live(&in_memory)             // the same rows in the memory of this process
        .rebuild_changed()            // a changed projection is built beside the old rows, and swapped in
        .start();

    // Whoever has written reads what was written.
    let accounts = Repository::<BankAccount>::new(store.clone());
    let (alice, second) = ("alice".to_owned(), Duration::from_secs(1));
    accounts.execute(&alice, Deposit { cents: 500 }).wait_for::<AccountSummary>(second).await?;
    let row = store.get::<AccountSummary>(&alice).await?;
    println!("{row:?}");

    // An event that a projection cannot take parks its stream, and the others go on.
    let parking = Parking::of::<AccountSummary>(store.clone());
    for parked in parking.streams().await? {
        println!("{} at version {}: {}", parked.stream, parked.version, parked.reason);
        parking.skip(&parked, "alice", "a test of ours").await?;
    }

    // Until the program is told to stop, or a subscription keeps failing.
    tokio::select! {
        () = stop => {}
        failure = running.failed() => return Err(failure.into()),
    }
    running.stop().await;
    Ok(())
}
