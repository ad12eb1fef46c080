use esrs::subscription::Projected;

struct Account {}

fn main() {
    let _ = Projected::<Account>::building();
}
