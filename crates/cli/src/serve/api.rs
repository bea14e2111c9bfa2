//! `recurrent serve --api`: predictions for other programs, over HTTP and in JSON.
//!
//! `GET /health` says what is served, `POST /predict` judges texts in batches. There is no page, and requests may come
//! from other machines: put what checks who asks in front of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use recurrent::TextClassifier;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::trouble;
use crate::named::Named;
use crate::texts::NO_WORDS;

/// Bytes of a request.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Texts of a request.
const MOST_TEXTS: usize = 10_000;

/// Requests that are judged at once, each on all threads; others wait, and more than that are turned away.
const AT_ONCE: usize = 2;
const WAITING: usize = 32;

/// What every request needs.
#[derive(Clone)]
struct Api {
    models: Arc<Vec<(String, TextClassifier)>>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    texts: Vec<String>,
    /// Which model, where there are several; by default the first.
    model: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    model: &'a str,
    predictions: Vec<Prediction<'a>>,
}

#[derive(Serialize)]
struct Prediction<'a> {
    /// None where no word is left of the text.
    label: Option<&'a str>,
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<BTreeMap<&'a str, f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// The addresses, for these models.
pub(super) fn router(models: Vec<Named>) -> Router {
    let models = models
        .into_iter()
        .map(|named| (named.label, TextClassifier::from(named.model)))
        .collect();
    let api = Api {
        models: Arc::new(models),
        running: Arc::new(Semaphore::new(AT_ONCE)),
        waiting: Arc::new(Semaphore::new(WAITING)),
    };
    Router::new()
        .route("/health", get(health))
        .route("/predict", post(predict))
        .fallback(|| async {
            trouble(
                StatusCode::NOT_FOUND,
                "there are GET /health and POST /predict here",
            )
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(api)
}

async fn health(State(api): State<Api>) -> Response {
    let served = |(label, classifier): &(String, TextClassifier)| {
        let model = classifier.model();
        serde_json::json!({
            "model": label, "classes": model.config.classes, "checksum": model.checksum,
        })
    };
    let models: Vec<_> = api.models.iter().map(served).collect();
    Json(serde_json::json!({"status": "ok", "models": models})).into_response()
}

async fn predict(State(api): State<Api>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(error) => return trouble(error.status(), &error.body_text()),
    };
    let question: Question = match serde_json::from_slice(&body) {
        Ok(question) => question,
        Err(error) => {
            let reason = format!("send {{\"texts\": [\"…\"]}} as JSON and UTF-8: {error}");
            return trouble(StatusCode::BAD_REQUEST, &reason);
        }
    };
    if question.texts.len() > MOST_TEXTS {
        let reason = format!(
            "{} texts are too many; at most {MOST_TEXTS} are classified at once",
            question.texts.len()
        );
        return trouble(StatusCode::PAYLOAD_TOO_LARGE, &reason);
    }
    let named = |(label, _): &(String, TextClassifier)| match &question.model {
        Some(wanted) => label == wanted,
        None => true,
    };
    let Some(place) = api.models.iter().position(named) else {
        return trouble(
            StatusCode::NOT_FOUND,
            "there is no such model here; GET /health names them",
        );
    };
    let Ok(_place_in_line) = Arc::clone(&api.waiting).try_acquire_owned() else {
        return trouble(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many requests at once; ask again in a moment",
        );
    };
    let Ok(turn) = Arc::clone(&api.running).acquire_owned().await else {
        return gone();
    };
    let answer = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        judged(&api.models[place], &question.texts)
    });
    answer.await.unwrap_or_else(|_| gone())
}

fn judged((label, classifier): &(String, TextClassifier), texts: &[String]) -> Response {
    let scores = match classifier.scores(texts) {
        Ok(scores) => scores,
        Err(error) => return trouble(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let predictions = scores
        .iter()
        .map(|text| {
            let prediction = text.has_words.then(|| text.prediction());
            Prediction {
                label: prediction.map(|prediction| prediction.class),
                probability: prediction.map(|prediction| prediction.probability),
                scores: text.has_words.then(|| text.by_class().collect()),
                reason: (!text.has_words).then_some(NO_WORDS),
            }
        })
        .collect();
    Json(Answer {
        model: label,
        predictions,
    })
    .into_response()
}

fn gone() -> Response {
    trouble(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the models have stopped; the terminal of `recurrent serve` says why",
    )
}
