//! A second server that follows another one.

use tempfile::Builder;

use super::Server;
use crate::guard::Guard;
use crate::{Error, sql};

impl Server {
    /// Starts a standby: a copy of this server that receives what is committed here, a little later. It
    /// answers queries that only read.
    ///
    /// # Errors
    /// This server does not run, or the copy cannot be made or started.
    pub fn standby(&self) -> Result<Self, Error> {
        let directory = Builder::new().prefix("esrs-postgres-").tempdir();
        let directory = directory.map_err(Error::file(&std::env::temp_dir()))?;
        self.user.own(directory.path())?;
        let mut standby = Self {
            process: None,
            _guard: Guard::of(directory.path())?,
            directory,
            installation: self.installation.clone(),
            user: self.user,
            port: 0,
            password: self.password.clone(),
        };
        let mut copy = standby.command("pg_basebackup");
        copy.arg("-D").arg(standby.data()).arg("-d").arg(self.url());
        copy.args([
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        standby.run("pg_basebackup", copy)?;
        standby.configure(&[])?;
        standby.launch_on_a_free_port()?;
        Ok(standby)
    }

    /// Receives nothing more from the server that it follows: what is committed there from now on is lost
    /// when this one is [promoted](Self::promote).
    ///
    /// # Errors
    /// It does not run, or refuses.
    pub fn stop_receiving(&self) -> Result<(), Error> {
        let config = crate::database::parse(&self.url())?;
        sql::execute(&config, "ALTER SYSTEM SET primary_conninfo = ''")?;
        sql::execute(&config, "SELECT pg_reload_conf()")?;
        let is_cut = "DO $$ BEGIN
            WHILE EXISTS (SELECT FROM pg_stat_wal_receiver) LOOP PERFORM pg_sleep(0.01); END LOOP;
        END $$";
        sql::execute(&config, is_cut)
    }

    /// Makes a standby the server that is written to, with what it has received.
    ///
    /// # Errors
    /// It is no standby, or does not become a server in time.
    pub fn promote(&self) -> Result<(), Error> {
        let promoted = "DO $$ BEGIN
            IF NOT pg_promote() THEN RAISE 'it was not promoted in time'; END IF;
        END $$";
        sql::execute(&crate::database::parse(&self.url())?, promoted)
    }
}
