//! A network between processes and a server that can be cut, slowed down, frozen and led to another server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The state of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weather {
    /// Connections of an earlier era are cut.
    era: u64,
    /// The port of the server.
    port: u16,
    is_frozen: bool,
    delay: Duration,
}

/// A port that leads to a server.
pub struct Link {
    port: u16,
    weather: watch::Sender<Weather>,
}

impl Link {
    /// Leads to this port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let fair = Weather { era: 0, port, is_frozen: false, delay: Duration::ZERO };
        let (weather, seen) = watch::channel(fair);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, seen.clone()));
            }
        });
        Self { port: own, weather }
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection; new ones go through.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.era += 1);
    }

    /// Carries nothing, and closes nothing, until it is [thawed](Self::thaw).
    pub fn freeze(&self) {
        self.weather.send_modify(|weather| weather.is_frozen = true);
    }

    /// Carries what it held back.
    pub fn thaw(&self) {
        self.weather.send_modify(|weather| weather.is_frozen = false);
    }

    /// Carries everything so much later.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Leads to another server from now on, and cuts what leads to the old one.
    pub fn switch_to(&self, port: u16) {
        self.weather.send_modify(|weather| {
            weather.port = port;
            weather.era += 1;
        });
    }
}

async fn carry(client: TcpStream, mut weather: watch::Receiver<Weather>) {
    let era = weather.borrow().era;
    if weather.wait_for(|weather| !weather.is_frozen).await.is_err() {
        return;
    }
    let port = weather.borrow().port;
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let mut cut = weather.clone();
    // Whichever ends first ends the connection for both.
    tokio::select! {
        _ = cut.wait_for(|weather| weather.era != era) => {}
        () = pump(from_client, to_server, weather.clone()) => {}
        () = pump(from_server, to_client, weather) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return };
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if weather.wait_for(|weather| !weather.is_frozen).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
