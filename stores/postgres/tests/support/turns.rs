//! A way to the server that counts how often it is gone there and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// For so long answers are collected: those that follow from one turn go back together.
const COLLECTED: Duration = Duration::from_millis(50);

/// Stands between a store and the server.
pub struct Turns {
    port: u16,
    count: Arc<AtomicUsize>,
}

impl Turns {
    /// In front of the server of this url.
    pub async fn before(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().expect("a url");
        let server = config.get_ports()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it has one").port();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server, counted.clone()));
            }
        });
        Self { port, count }
    }

    /// The url that leads through it.
    pub fn url(&self, url: &str) -> String {
        let config: tokio_postgres::Config = url.parse().expect("a url");
        url.replacen(&format!(":{}/", config.get_ports()[0]), &format!(":{}/", self.port), 1)
    }

    /// Returns how often an answer went back so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn forward(client: TcpStream, server: u16, count: Arc<AtomicUsize>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
    let back = async {
        let mut answer = vec![0; 1 << 16];
        while let Ok(mut length @ 1..) = from_server.read(&mut answer).await {
            tokio::time::sleep(COLLECTED).await;
            while let Ok(more @ 1..) = from_server.try_read(&mut answer[length..]) {
                length += more;
            }
            count.fetch_add(1, Ordering::SeqCst);
            if to_client.write_all(&answer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}
