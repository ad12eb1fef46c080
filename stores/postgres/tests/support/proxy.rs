//! A way to the server that can be broken at a chosen moment.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The message that is lost: something about the message that holds these bytes.
#[derive(Clone, PartialEq)]
enum Loss {
    /// The message: it does not arrive, and the connection is lost.
    Message(Vec<u8>),
    /// The same, as often as it is sent.
    EveryMessage(Vec<u8>),
    /// The answer to it: it arrives and is done, and the connection is lost before its answer comes back.
    Answer(Vec<u8>),
}

impl Loss {
    fn is_in(&self, message: &[u8]) -> bool {
        let (Self::Message(bytes) | Self::EveryMessage(bytes) | Self::Answer(bytes)) = self;
        message.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// True if new connections go through.
#[derive(Clone, Copy, PartialEq)]
enum Gate {
    Open,
    /// Closed: connections wait until it is opened.
    Shut,
    /// Refusing: connections are closed.
    Refusing,
}

/// Stands between a store and the server.
pub struct Proxy {
    port: u16,
    loss: Arc<Mutex<Option<Loss>>>,
    gate: watch::Sender<Gate>,
    is_frozen: watch::Sender<bool>,
}

impl Proxy {
    /// In front of the server of this url.
    pub async fn before(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().expect("a url");
        let server = config.get_ports()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it has one").port();
        let loss = Arc::new(Mutex::new(None));
        let (gate, at_gate) = watch::channel(Gate::Open);
        let (is_frozen, frozen) = watch::channel(false);
        let losses = loss.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (losses, at_gate) = (losses.clone(), at_gate.clone());
                tokio::spawn(forward(client, server, losses, at_gate, frozen.clone()));
            }
        });
        Self { port, loss, gate, is_frozen }
    }

    /// The url that leads through it.
    pub fn url(&self, url: &str) -> String {
        let config: tokio_postgres::Config = url.parse().expect("a url");
        url.replacen(&format!(":{}/", config.get_ports()[0]), &format!(":{}/", self.port), 1)
    }

    pub fn lose_the_message_with(&self, bytes: impl AsRef<[u8]>) {
        self.set(Some(Loss::Message(bytes.as_ref().to_vec())));
    }

    pub fn lose_every_message_with(&self, bytes: impl AsRef<[u8]>) {
        self.set(Some(Loss::EveryMessage(bytes.as_ref().to_vec())));
    }

    pub fn lose_the_answer_to(&self, bytes: impl AsRef<[u8]>) {
        self.set(Some(Loss::Answer(bytes.as_ref().to_vec())));
    }

    /// Returns true if the loss that was asked for has come to be.
    pub fn has_lost_it(&self) -> bool {
        self.loss.lock().expect("nobody panics").is_none()
    }

    /// Lets those who connect from now on wait.
    pub fn shut(&self) {
        self.gate.send_replace(Gate::Shut);
    }

    /// Sends those away who connect from now on.
    pub fn refuse(&self) {
        self.gate.send_replace(Gate::Refusing);
    }

    pub fn open(&self) {
        self.gate.send_replace(Gate::Open);
    }

    /// Carries nothing any more, neither there nor back, on connections that stay open.
    pub fn freeze(&self) {
        self.is_frozen.send_replace(true);
    }

    /// Carries what comes on new connections; those that were frozen stay so.
    pub fn thaw(&self) {
        self.is_frozen.send_replace(false);
    }

    fn set(&self, loss: Option<Loss>) {
        *self.loss.lock().expect("nobody panics") = loss;
    }
}

async fn forward(
    mut client: TcpStream,
    server: u16,
    loss: Arc<Mutex<Option<Loss>>>,
    mut gate: watch::Receiver<Gate>,
    mut frozen: watch::Receiver<bool>,
) {
    match gate.wait_for(|gate| *gate != Gate::Shut).await.as_deref() {
        Ok(Gate::Open) => {}
        _ => return,
    }
    // A server drops no database while anybody is about to say who they are, so it does not hear of those.
    if frozen.wait_for(|is_frozen| !*is_frozen).await.is_err() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    // Whoever is gone, or breaks the connection on purpose, ends it for both.
    loop {
        tokio::select! {
            biased;
            () = freezing(&mut frozen) => break,
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                let message = &from_client[..length];
                let found = loss.lock().expect("nobody panics").take_if(|it| it.is_in(message));
                match found {
                    Some(Loss::Message(_)) => return,
                    Some(every @ Loss::EveryMessage(_)) => {
                        *loss.lock().expect("nobody panics") = Some(every);
                        return;
                    }
                    Some(Loss::Answer(_)) => return lose_answer(server, message).await,
                    None => {}
                }
                if server.write_all(message).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
    // Whoever is at the other end sees an open connection; it ends with the test.
    std::future::pending::<()>().await;
}

async fn freezing(frozen: &mut watch::Receiver<bool>) {
    if frozen.wait_for(|is_frozen| *is_frozen).await.is_err() {
        // Nobody is there to freeze it.
        std::future::pending::<()>().await;
    }
}

/// Sends a last message, and waits until the server has done all that it was sent: it ends the connection
/// then. Lost any sooner, what stands behind another message of the same client might not be done.
async fn lose_answer(mut server: TcpStream, message: &[u8]) {
    if server.write_all(message).await.is_ok() && server.shutdown().await.is_ok() {
        let done = tokio::io::copy(&mut server, &mut tokio::io::sink()).await;
        done.expect("the server answers, and ends the connection");
    }
}
