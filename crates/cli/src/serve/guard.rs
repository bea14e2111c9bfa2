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
use axum::http::request::Parts;
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
    let (parts, body) = request.into_parts();
    let mut response = match refusal(&parts, port) {
        Some(reason) => trouble(StatusCode::FORBIDDEN, reason),
        None => {
            let request = Request::from_parts(parts, body);
            match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(response) => response,
                Err(_) => trouble(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
            }
        }
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not answered, if so.
fn refusal(request: &Parts, port: u16) -> Option<&'static str> {
    const NAMES: &str =
        "this page is at http://127.0.0.1 and its port, and answers by no other name";
    let ours = |authority: &str| is_ours(authority, port);
    // A request may name its host a second time, before its path.
    let named = request.uri.authority().map(|authority| authority.as_str());
    let scheme = request.uri.scheme_str();
    if named.is_some_and(|authority| !ours(authority)) || scheme.is_some_and(|name| name != "http")
    {
        return Some(NAMES);
    }
    if !only(&request.headers, HOST).is_ok_and(|host| host.is_some_and(ours)) {
        return Some(NAMES);
    }
    match only(&request.headers, ORIGIN) {
        Ok(None) => {}
        Ok(Some(origin)) if origin.strip_prefix("http://").is_some_and(ours) => {}
        _ => return Some("another site's page may not ask here"),
    }
    // Without it a form of another site could send what it likes, without a browser asking first.
    let json = |kind: &str| {
        let (essence, _) = kind.split_once(';').unwrap_or((kind, ""));
        essence.trim().eq_ignore_ascii_case("application/json")
    };
    if request.method == Method::POST
        && !only(&request.headers, CONTENT_TYPE).is_ok_and(|kind| kind.is_some_and(json))
    {
        return Some("a question must be sent as application/json");
    }
    None
}

/// The value of a header that may stand there once; an error where there are several, or it is no text.
fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(HeaderValue::to_str).transpose();
    match (value, values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(()),
    }
}

/// Whether this is the loopback address by one of its names, and the port, written as one writes it.
fn is_ours(authority: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        authority.eq_ignore_ascii_case(&format!("{name}:{port}"))
            || (port == 80 && authority.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        method: Method,
        uri: &'static str,
        headers: &[(HeaderName, &'static str)],
        allowed: bool,
    ) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            refusal(&parts, 8017).is_none(),
            allowed,
            "{uri} {headers:?}"
        );
    }

    #[test]
    fn only_the_loopback_by_its_names_is_answered() {
        for host in [
            "127.0.0.1:8017",
            "localhost:8017",
            "LOCALHOST:8017",
            "[::1]:8017",
        ] {
            check(Method::GET, "/", &[(HOST, host)], true);
        }
        for host in [
            "127.0.0.1:8018",
            "127.0.0.1:+8017",
            "127.0.0.1:08017",
            "127.0.0.1: 8017",
            "127.0.0.1",
            "127.0.0.1:",
            "x@127.0.0.1:8017",
            "films.example:8017",
            "",
        ] {
            check(Method::GET, "/", &[(HOST, host)], false);
        }
        check(Method::GET, "/", &[], false);
    }

    #[test]
    fn a_second_name_is_looked_at_too() {
        let host = (HOST, "127.0.0.1:8017");
        check(
            Method::GET,
            "/",
            &[host.clone(), (HOST, "films.example")],
            false,
        );
        check(
            Method::GET,
            "/",
            &[(HOST, "films.example"), host.clone()],
            false,
        );
        check(Method::GET, "/", &[host.clone(), host.clone()], false);
        let host = std::slice::from_ref(&host);
        check(Method::GET, "http://127.0.0.1:8017/", host, true);
        check(Method::GET, "http://films.example/", host, false);
        check(Method::GET, "http://films.example:8017/", host, false);
        check(
            Method::GET,
            "http://127.0.0.1:8017@films.example/",
            host,
            false,
        );
        check(Method::GET, "https://127.0.0.1:8017/", host, false);
    }

    #[test]
    fn other_origins_are_refused() {
        let host = (HOST, "127.0.0.1:8017");
        let json = (CONTENT_TYPE, "application/json");
        let from = |origin| [host.clone(), json.clone(), (ORIGIN, origin)];
        check(Method::POST, "/", &from("http://127.0.0.1:8017"), true);
        check(Method::POST, "/", &from("https://127.0.0.1:8017"), false);
        check(Method::POST, "/", &from("http://films.example"), false);
        check(Method::POST, "/", &from("null"), false);
        let twice = [&from("http://127.0.0.1:8017")[..], &[(ORIGIN, "null")]].concat();
        check(Method::POST, "/", &twice, false);
    }

    #[test]
    fn a_question_is_json_and_nothing_else() {
        let host = (HOST, "127.0.0.1:8017");
        for (kind, allowed) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON", true),
            ("application/jsonx", false),
            ("application/json+x", false),
            ("text/plain;application/json", false),
            ("text/plain", false),
            ("", false),
        ] {
            check(
                Method::POST,
                "/",
                &[host.clone(), (CONTENT_TYPE, kind)],
                allowed,
            );
        }
        check(Method::POST, "/", std::slice::from_ref(&host), false);
        let json = (CONTENT_TYPE, "application/json");
        check(
            Method::POST,
            "/",
            &[host, json, (CONTENT_TYPE, "text/plain")],
            false,
        );
    }
}
