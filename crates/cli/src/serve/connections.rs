//! The connections of the page: how many there may be, and how long each may wait.
//!
//! A connection on which nothing is asked costs others nothing: where all places are taken, the one that has waited
//! longest is closed for a new one. What is asked is answered, but in its time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Connections at a time: half of the files that a process may usually have open.
const MOST: usize = 512;

/// The header of a request must be there by then, and the next one after an answer.
const HEADER: Duration = Duration::from_secs(20);

/// A new connection is not closed for another before it had so long to ask something.
const TO_ASK: Duration = Duration::from_millis(250);

/// And a turn to be read: on a busy machine it may have asked long ago.
const TURN: Duration = Duration::from_millis(20);

/// Nor one that has been answered, to take the answer and ask on.
const TO_TAKE: Duration = Duration::from_secs(5);

/// A connection on which nothing goes on for so long is closed, whatever it waits for: to be asked and to answer take less.
const STUCK: Duration = Duration::from_secs(60);

/// The most bytes of a header, and what is read at a time.
const BUFFER: usize = 64 * 1024;

/// What is being answered at the end may take so long.
const TO_END: Duration = Duration::from_secs(5);

/// Answers on `listener` until `stop`; then finishes what was asked before.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Places::default();
    let (stopped, stopping) = watch::channel(());
    let mut stop = pin!(stop);
    let mut seen = Instant::now();
    loop {
        let accepted = async {
            places.room(&mut seen).await;
            listener.accept().await
        };
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match stream {
            Ok((stream, _)) => {
                let place = places.take();
                let (router, stopping) = (router.clone(), stopping.clone());
                tokio::spawn(async move { connection(stream, router, place, stopping).await });
            }
            Err(error) if is_of_one_connection(&error) => {}
            // No files left to open, most likely.
            Err(_) => {
                places.make_room(Instant::now() + STUCK);
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop((listener, stopping));
    places.close_unasked();
    // Each holds one end until it is through.
    drop(
        timeout(TO_END, async {
            // Fails once nobody listens any longer.
            let _ = stopped.send(());
            stopped.closed().await;
        })
        .await,
    );
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted | Kind::ConnectionReset | Kind::ConnectionRefused
    )
}

async fn connection(
    stream: TcpStream,
    router: Router,
    place: Place,
    mut stopping: watch::Receiver<()>,
) {
    // Answers are written at once.
    let _ = stream.set_nodelay(true);
    let place = Arc::new(place);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        place.is_asked();
        let answer = router.call(request.map(Body::new));
        let place = Arc::clone(&place);
        async move {
            let answer = answer.await;
            place.is_answered();
            answer
        }
    });
    let mut conversation = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut ending = false;
    loop {
        tokio::select! {
            // An error is the other side's, which has gone away or asked nonsense.
            _ = conversation.as_mut() => return,
            () = place.is_stuck() => return,
            _ = stopping.changed(), if !ending => {
                ending = true;
                conversation.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What is known of a connection.
struct State {
    /// Whether a request is being answered.
    asked: bool,
    /// Whether there has been any.
    ever_asked: bool,
    /// Since when it is in this state.
    since: Instant,
    /// Wakes it up to be closed.
    close: Arc<Notify>,
}

impl State {
    /// From when on it may be closed for another connection.
    fn spare_from(&self) -> Option<Instant> {
        match (self.asked, self.ever_asked) {
            (true, _) => None,
            (false, true) => Some(self.since + TO_TAKE),
            (false, false) => Some(self.since + TO_ASK),
        }
    }
}

#[derive(Default)]
struct Table {
    next: u64,
    connections: BTreeMap<u64, State>,
}

/// All connections.
#[derive(Clone, Default)]
struct Places {
    table: Arc<Mutex<Table>>,
    freed: Arc<Notify>,
}

impl Places {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, and makes one where a connection can be spared. All that came in before `seen` have had a
    /// turn.
    async fn room(&self, seen: &mut Instant) {
        loop {
            let freed = self.freed.notified();
            if self.table().connections.len() < MOST {
                return;
            }
            let Some(spare_from) = self.make_room(*seen) else {
                return;
            };
            let from = spare_from.max(Instant::now());
            tokio::select! {
                () = freed => {}
                () = sleep_until(from + TURN) => *seen = from,
            }
        }
    }

    /// Closes the connection that could be spared first, if that is by `now`; else says when to look again.
    fn make_room(&self, now: Instant) -> Option<Instant> {
        let mut table = self.table();
        let spare = table
            .connections
            .iter()
            .filter_map(|(id, state)| Some((state.spare_from()?, *id)))
            .min();
        match spare {
            Some((spare_from, id)) if spare_from <= now => {
                if let Some(state) = table.connections.remove(&id) {
                    state.close.notify_one();
                }
                None
            }
            Some((spare_from, _)) => Some(spare_from),
            None => Some(now + TO_ASK),
        }
    }

    /// A place for a new connection.
    fn take(&self) -> Place {
        let mut table = self.table();
        let id = table.next;
        table.next += 1;
        let close = Arc::new(Notify::new());
        let state = State {
            asked: false,
            ever_asked: false,
            since: Instant::now(),
            close: Arc::clone(&close),
        };
        table.connections.insert(id, state);
        Place {
            places: self.clone(),
            id,
            close,
        }
    }

    /// Closes all on which nothing has been asked.
    fn close_unasked(&self) {
        for state in self.table().connections.values() {
            if !state.ever_asked {
                state.close.notify_one();
            }
        }
    }
}

/// A connection's place among the others; it is free again when this is dropped.
struct Place {
    places: Places,
    id: u64,
    close: Arc<Notify>,
}

impl Place {
    fn is_asked(&self) {
        self.becomes(true);
    }

    fn is_answered(&self) {
        self.becomes(false);
    }

    fn becomes(&self, asked: bool) {
        if let Some(state) = self.places.table().connections.get_mut(&self.id) {
            state.asked = asked;
            state.ever_asked = true;
            state.since = Instant::now();
        }
    }

    /// Waits until the connection is to be closed: for another, or because nothing has gone on for too long.
    async fn is_stuck(&self) {
        loop {
            let since = self
                .places
                .table()
                .connections
                .get(&self.id)
                .map(|state| state.since);
            // It was closed for another.
            let Some(since) = since else { return };
            if since + STUCK <= Instant::now() {
                return;
            }
            tokio::select! {
                () = self.close.notified() => return,
                () = sleep_until(since + STUCK) => {}
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.table().connections.remove(&self.id);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As of long ago.
    fn age(place: &Place, age: Duration) {
        let mut table = place.places.table();
        let state = table.connections.get_mut(&place.id).unwrap();
        state.since = Instant::now().checked_sub(age).unwrap();
    }

    /// Whether the connection closes now.
    async fn closes(place: &Place) -> bool {
        timeout(Duration::from_millis(5), place.is_stuck())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn the_connection_that_waited_longest_goes_and_one_that_is_answered_stays() {
        let places = Places::default();
        let mut taken: Vec<Place> = (0..MOST).map(|_| places.take()).collect();
        assert!(places.make_room(Instant::now()).is_some(), "all are new");
        for (place, seconds) in [(0, 50), (1, 30), (2, 20)] {
            age(&taken[place], Duration::from_secs(seconds));
        }
        taken[0].is_asked();
        age(&taken[0], Duration::from_secs(50));
        assert!(places.make_room(Instant::now()).is_none());
        assert!(closes(&taken[1]).await);
        assert!(!closes(&taken[0]).await && !closes(&taken[2]).await);
        // An answered one has some time to ask on.
        taken[0].is_answered();
        taken.truncate(1);
        assert!(places.make_room(Instant::now()).is_some());
        age(&taken[0], TO_TAKE);
        assert!(places.make_room(Instant::now()).is_none());
        assert!(closes(&taken[0]).await);
    }

    #[tokio::test]
    async fn a_place_is_waited_for_until_one_is_free() {
        let places = Places::default();
        let mut taken: Vec<Place> = (0..MOST).map(|_| places.take()).collect();
        taken.iter().for_each(Place::is_asked);
        let mut seen = Instant::now();
        let waited = timeout(TO_ASK * 2, places.room(&mut seen)).await;
        assert!(waited.is_err());
        taken.pop();
        timeout(TO_ASK, places.room(&mut seen)).await.unwrap();
        // Or until one can be spared.
        taken.push(places.take());
        let waited = timeout(TO_ASK / 2, places.room(&mut seen)).await;
        assert!(waited.is_err());
        timeout(TO_ASK * 4, places.room(&mut seen)).await.unwrap();
        assert!(closes(&taken[MOST - 1]).await && !closes(&taken[0]).await);
    }

    #[tokio::test]
    async fn nothing_goes_on_forever() {
        let place = Places::default().take();
        place.is_asked();
        age(&place, STUCK / 2);
        assert!(!closes(&place).await);
        age(&place, STUCK);
        assert!(closes(&place).await);
    }
}
