//! A subscription on its way from one place of the log to another.

use esrs_core::StoreError;
use esrs_core::subscription::{Advance, Advanced, ParkedStream, ResumedStream, Subscriber};

use super::step::{Parameters, Step};
use crate::encode::{Moment, to_i64};
use crate::store::Shared;

/// Runs a subscriber, and stores what it does together with where it stands then.
pub(super) async fn advance(
    shared: &Shared,
    advance: &Advance,
    subscriber: &mut dyn Subscriber,
) -> Result<Advanced, StoreError> {
    let mut step = Step::new(shared, advance).await?;
    let ran = match subscriber.run(advance.from.position, &mut step).await {
        Ok(()) => set_aside(&mut step, advance).await,
        Err(error) => Err(error),
    };
    step.end(ran).await
}

/// Parks streams, and takes up others.
async fn set_aside(step: &mut Step<'_>, advance: &Advance) -> Result<(), StoreError> {
    let (name, building) = (advance.subscription.name, advance.subscription.building);
    let statements = step.statements();
    for parked in &advance.park {
        let ParkedStream { stream, version, position, event, reason, parked_at, is_to_resume } =
            parked;
        // A reason may quote whatever could not be taken.
        let reason = reason.replace('\0', "\u{fffd}");
        step.hold(
            &statements.park,
            vec![
                Box::new(name),
                Box::new(building),
                Box::new(stream.as_str().to_owned()),
                Box::new(to_i64(*version)),
                Box::new(to_i64(position.get())),
                Box::new(event.clone()),
                Box::new(reason),
                Box::new(Moment(*parked_at)),
                Box::new(*is_to_resume),
            ],
        )
        .await?;
    }
    for ResumedStream { stream, next_version } in &advance.resume {
        let stream = Box::new(stream.as_str().to_owned());
        match next_version {
            Some(version) => {
                let version = Box::new(to_i64(*version));
                let parameters: Parameters =
                    vec![Box::new(name), Box::new(building), stream, version];
                step.hold(&statements.resume_at, parameters).await?;
            }
            None => {
                step.hold(&statements.resume, vec![Box::new(name), Box::new(building), stream])
                    .await?;
            }
        }
    }
    Ok(())
}
