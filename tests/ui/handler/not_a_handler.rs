use esrs::subscription::Handled;

struct Report;

fn main() {
    let _ = Handled::new(Report);
}
