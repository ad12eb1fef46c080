use esrs::prelude::*;

async fn run<A: Handle<C>, C: Send + Sync>(repository: Repository<A>, id: A::Id, command: C) {
    let _ = repository.execute(&id, command).await;
}

fn main() {}
