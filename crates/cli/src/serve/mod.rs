//! `recurrent serve`: a page of this machine on which networks read a review, word by word.
//!
//! The page and its answers come from here alone: nothing is loaded from elsewhere, nothing is kept, and
//! only this machine can ask ([`guard`]). The networks live on a thread of their own ([`reader`]) behind
//! a queue of bounded length, and there are so many connections and no more ([`connections`]).

mod api;
mod connections;
mod guard;
mod reader;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use recurrent_report::{ReportError, load_evaluation};
use recurrent_runs::JudgedReview;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::backend::Backend;
use crate::error::CliError;
use crate::named::{self, Named};
use crate::terminal::printable;
use crate::{print, say};
use reader::{Reader, Unread};
use recurrent::reading::Wanted;

/// Bytes of a request: the longest review has 14,000.
const MOST_BYTES: usize = 256 * 1024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Directories of models, or of runs (all their models).
    #[arg(required_unless_present = "model")]
    models: Vec<PathBuf>,
    /// The same.
    #[arg(long, hide = true)]
    model: Vec<PathBuf>,
    /// Serve no page but an API in JSON: POST /predict and GET /health.
    #[arg(long)]
    api: bool,
    /// Address to listen on; only with --api, which authenticates nobody.
    #[arg(long, default_value = "127.0.0.1", requires = "api")]
    host: std::net::IpAddr,
    /// Port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 8017)]
    port: u16,
}

/// What the page is told of a network.
#[derive(Clone, Serialize)]
struct Shown {
    /// Which of the models: its label among them. A reading has the same.
    model: String,
    network: String,
    parameters: Option<u64>,
    classes: Vec<String>,
    /// The most words that are read; `null` for all.
    time: Option<usize>,
    /// Whether it passes over padding. One that does not reads it, and may forget the text on the way.
    masked: bool,
    /// Whether it scores each position on its own, and its prediction is the mean of these scores.
    per_token: bool,
    dataset: String,
    sample: bool,
    /// Reviews of the test split that it got most wrong, to pick from.
    worst: Vec<JudgedReview>,
}

/// What every request needs.
#[derive(Clone)]
struct Site {
    shown: Arc<Vec<Shown>>,
    reader: Reader,
}

/// What the page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    text: String,
    /// With gates and states.
    #[serde(default)]
    states: bool,
    /// With gradients.
    #[serde(default)]
    gradient: bool,
}

#[derive(Serialize)]
struct Trouble {
    error: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    let folders = [arguments.models.as_slice(), &arguments.model].concat();
    let models = named::load(&folders, &device)?;
    let pages = |address: SocketAddr| {
        if arguments.api {
            return api::router(models);
        }
        let site = Site {
            shown: Arc::new(models.iter().map(describe).collect()),
            reader: Reader::start(models, device),
        };
        router(site, address.port())
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::Server)?;
    let address = SocketAddr::from((arguments.host, arguments.port));
    let doing = if arguments.api { "Serving" } else { "Reading" };
    runtime.block_on(serve(address, doing, pages))
}

async fn serve(
    address: SocketAddr,
    doing: &str,
    pages: impl FnOnce(SocketAddr) -> Router,
) -> Result<(), CliError> {
    let port = address.port();
    let failed = |source| CliError::Port { port, source };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let mut signals = signals()?;
    print(&format!("{doing} at http://{address}/ until Ctrl-C"))?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = connections::serve(listener, pages(address), async {
        let _ = stopped.await;
    });
    tokio::select! {
        () = serving => {}
        // The first ends it once what was asked is answered, a second at once.
        () = async {
            signals.recv().await;
            let _ = stop.send(());
            signals.recv().await;
        } => {}
    }
    Ok(())
}

/// A message for each time that this process is told to stop.
fn signals() -> Result<mpsc::Receiver<()>, CliError> {
    let (sender, receiver) = mpsc::channel(2);
    ctrlc::set_handler(move || {
        // A third does no more than a second.
        let _ = sender.try_send(());
    })
    .map_err(CliError::Signals)?;
    Ok(receiver)
}

fn router(site: Site, port: u16) -> Router {
    let file = |kind: &'static str, content: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], content) })
    };
    let script = |content: &'static str| file("text/javascript; charset=utf-8", content);
    Router::new()
        .route(
            "/",
            file("text/html; charset=utf-8", include_str!("page/index.html")),
        )
        .route(
            "/style.css",
            file("text/css; charset=utf-8", include_str!("page/style.css")),
        )
        .route("/app.js", script(include_str!("page/app.js")))
        .route("/dom.js", script(include_str!("page/dom.js")))
        .route("/examples.js", script(include_str!("page/examples.js")))
        .route("/inside.js", script(include_str!("page/inside.js")))
        .route("/reading.js", script(include_str!("page/reading.js")))
        .route("/stage.js", script(include_str!("page/stage.js")))
        .route("/api/models", get(models))
        .route("/api/read", post(read))
        .fallback(|| async { trouble(StatusCode::NOT_FOUND, "there is no such page here") })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(from_fn_with_state(port, guard::guard))
        .with_state(site)
}

fn describe(named: &Named) -> Shown {
    let Named {
        label,
        folder,
        model,
    } = named;
    // Older models have none, and then there is less to pick from.
    let path = folder.join("evaluation.json");
    let evaluation = match load_evaluation(&path) {
        Ok(evaluation) => Some(evaluation),
        Err(ReportError::File(error)) if error.is_not_found() => None,
        Err(error) => {
            let error = error.to_string();
            say(&format!(
                "note: no reviews to pick from: {}",
                printable(&error)
            ));
            None
        }
    };
    Shown {
        model: label.clone(),
        network: model.config.network.name().to_owned(),
        parameters: model.config.network.parameters(),
        classes: model.config.classes.clone(),
        time: model.config.network.time(),
        masked: model.config.network.is_masked(),
        per_token: model.config.network.is_per_token(),
        dataset: model.config.provenance.dataset.clone(),
        sample: model.config.provenance.sample,
        worst: evaluation.map_or(Vec::new(), |evaluation| evaluation.worst),
    }
}

async fn models(State(site): State<Site>) -> Response {
    axum::Json(site.shown.as_ref()).into_response()
}

async fn read(State(site): State<Site>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let most = MOST_BYTES / 1024;
            return trouble(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the text is too long; {most} KB are read at most"),
            );
        }
        Err(error) => return trouble(error.status(), &error.body_text()),
    };
    // An array of its fields would make a question, too.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let question: Question = match serde_json::from_slice(&body) {
        Ok(question) if is_object => question,
        Ok(_) => return trouble(StatusCode::BAD_REQUEST, "a question is a JSON object"),
        Err(error) => {
            return trouble(
                StatusCode::BAD_REQUEST,
                &format!("not a question in JSON and UTF-8: {error}"),
            );
        }
    };
    if question.text.trim().is_empty() {
        return trouble(
            StatusCode::UNPROCESSABLE_ENTITY,
            "there is no text to read; write or paste one",
        );
    }
    let wanted = Wanted {
        states: question.states,
        gradient: question.gradient.then_some(None),
    };
    match site.reader.read(question.text, wanted).await {
        Ok(readings) => ([(header::CONTENT_TYPE, "application/json")], readings).into_response(),
        Err(unread) => explain(&unread),
    }
}

fn explain(unread: &Unread) -> Response {
    match unread {
        Unread::Busy => trouble(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many texts at once; ask again in a moment",
        ),
        Unread::Gone => trouble(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the networks read no more; its terminal says why, and `recurrent serve` must be started again",
        ),
        Unread::NoWords => trouble(
            StatusCode::UNPROCESSABLE_ENTITY,
            "there is nothing to classify: no word is left of the text; write one with words",
        ),
        Unread::NotFinite(model) => trouble(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!(
                "{model} answers with numbers that are not finite: its weights are damaged, or grew too large; restore \
                 its folder, or train it again"
            ),
        ),
        Unread::TooManyStates => trouble(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the states of these networks are more than can be sent; ask without states, or show fewer or smaller ones",
        ),
    }
}

/// An answer that says what is wrong.
fn trouble(status: StatusCode, error: &str) -> Response {
    let body = Trouble {
        error: error.to_owned(),
    };
    (status, axum::Json(body)).into_response()
}
