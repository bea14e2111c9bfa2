//! Who may ask, and what a browser may do with the answer.
//!
//! Any page in the user's browser can send requests to this machine; by a name that resolves to the
//! loopback address it could even read the answers. So a request must be addressed to the loopback
//! address by name or number, and, where a browser says which page sent it, come from our own.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::trouble;

/// A request must be through by then, its body included.
const PATIENCE: Duration = Duration::from_secs(20);

const HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Lets through what comes from this machine's own page, and seals every answer.
pub(super) async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.headers(), port) {
        Some(reason) => trouble(StatusCode::FORBIDDEN, reason),
        None => match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => trouble(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
        },
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not answered, if so.
fn refusal(method: &Method, headers: &HeaderMap, port: u16) -> Option<&'static str> {
    let ours = |authority: &str| {
        let Some((name, number)) = authority.rsplit_once(':') else {
            return port == 80 && is_loopback(authority);
        };
        is_loopback(name) && number.parse() == Ok(port)
    };
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    if !text(HOST).is_some_and(ours) {
        return Some("this page is at http://127.0.0.1 and its port, and answers by no other name");
    }
    if let Some(origin) = text(ORIGIN)
        && !origin.strip_prefix("http://").is_some_and(ours)
    {
        return Some("another site's page may not ask here");
    }
    // Without it a form of another site could send what it likes, without a browser asking first.
    let json = text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    if *method == Method::POST && !json {
        return Some("a question must be sent as application/json");
    }
    None
}

fn is_loopback(name: &str) -> bool {
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, headers: &[(HeaderName, &'static str)], allowed: bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(refusal(&method, &headers, 8017).is_none(), allowed);
    }

    #[test]
    fn only_the_loopback_by_its_names_is_answered() {
        check(Method::GET, &[(HOST, "127.0.0.1:8017")], true);
        check(Method::GET, &[(HOST, "localhost:8017")], true);
        check(Method::GET, &[(HOST, "127.0.0.1:8018")], false);
        check(Method::GET, &[(HOST, "127.0.0.1")], false);
        check(Method::GET, &[(HOST, "films.example:8017")], false);
        check(Method::GET, &[], false);
    }

    #[test]
    fn other_origins_are_refused() {
        let host = (HOST, "127.0.0.1:8017");
        let json = (CONTENT_TYPE, "application/json");
        let from = |origin| [host.clone(), json.clone(), (ORIGIN, origin)];
        check(Method::POST, &from("http://127.0.0.1:8017"), true);
        check(Method::POST, &from("https://127.0.0.1:8017"), false);
        check(Method::POST, &from("http://films.example"), false);
        check(Method::POST, &from("null"), false);
        check(Method::POST, &[host.clone(), json.clone()], true);
        check(Method::POST, std::slice::from_ref(&host), false);
        check(Method::POST, &[host, (CONTENT_TYPE, "text/plain")], false);
    }
}
