//! The page and the report in a real browser: headless Chromium, driven over WebDriver.
//!
//! Needs `chromedriver` (named by `CHROMEDRIVER`, or on the path) and, for the accessibility checks,
//! axe-core's `axe.min.js` (named by `RECURRENT_AXE`). Where one is missing, what needs it is ignored;
//! `RECURRENT_BROWSER=required` makes it fail instead.

// What clippy.toml allows in tests does not reach these, which another harness runs.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

#[path = "../common/mod.rs"]
mod common;
mod driver;
#[path = "../common/models.rs"]
mod models;
mod page;
#[path = "../common/server.rs"]
mod server;
mod strip;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use outside::Outside;
use serde_json::{Value, json};

use driver::{Driver, log};
use models::trained;

fn main() -> ExitCode {
    let (driver, axe) = (chromedriver(), axe());
    let with_driver = |name, test: fn()| outside::trial(name, &[&driver], test);
    let with_both = |name, test: fn()| outside::trial(name, &[&driver, &axe], test);
    outside::run(vec![
        with_driver(
            "the_page_shows_what_trace_says",
            page::the_page_shows_what_trace_says,
        ),
        with_driver(
            "points_lie_under_their_words_and_all_fits_a_laptop",
            strip::points_lie_under_their_words_and_all_fits_a_laptop,
        ),
        with_driver(
            "padding_is_shown_and_skipped_behind_a_mask",
            strip::padding_is_shown_and_skipped_behind_a_mask,
        ),
        with_driver(
            "what_is_not_read_yet_is_not_drawn",
            strip::what_is_not_read_yet_is_not_drawn,
        ),
        with_driver(
            "a_click_stays_and_arrow_keys_move_the_focus",
            strip::a_click_stays_and_arrow_keys_move_the_focus,
        ),
        with_driver(
            "three_classes_stand_beside_two",
            strip::three_classes_stand_beside_two,
        ),
        with_driver("the_page_is_quiet", page::the_page_is_quiet),
        with_both("the_page_is_accessible", page::the_page_is_accessible),
        with_driver(
            "networks_of_one_kind_and_odd_texts_have_cards_that_hold_them",
            page::networks_of_one_kind_and_odd_texts_have_cards_that_hold_them,
        ),
        with_driver(
            "the_keyboard_reaches_everything_in_order",
            page::the_keyboard_reaches_everything_in_order,
        ),
        with_driver(
            "the_report_opens_from_its_file",
            the_report_opens_from_its_file,
        ),
        with_both("the_report_is_accessible", the_report_is_accessible),
    ])
}

/// Whether it is an error to be without.
fn required() -> bool {
    std::env::var_os("RECURRENT_BROWSER").is_some_and(|value| value == "required")
}

/// The program that drives Chromium: what is named, or what is required, counts as there.
fn chromedriver() -> Outside {
    let named = std::env::var_os("CHROMEDRIVER");
    let program = named.clone().unwrap_or_else(|| "chromedriver".into());
    let starts = |program: &OsString| {
        let mut command = Command::new(program);
        command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let there = named.is_some() || required() || starts(&program);
    Outside::new("chromedriver", there.then(|| program.into()))
}

/// axe-core's script, likewise.
fn axe() -> Outside {
    let named = std::env::var_os("RECURRENT_AXE").map(PathBuf::from);
    let required = || required().then(|| "axe.min.js".into());
    Outside::new("RECURRENT_AXE", named.or_else(required))
}

/// Nothing was written to the console, and nothing asked of anyone but `origin`.
async fn assert_quiet(client: &Client, origin: &str) {
    let console = log(client, "browser").await;
    assert!(console.is_empty(), "console: {console:?}");
    for entry in log(client, "performance").await {
        let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
        if message["message"]["method"] == "Network.requestWillBeSent" {
            let url = message["message"]["params"]["request"]["url"]
                .as_str()
                .unwrap();
            assert!(
                url.starts_with(origin) || url.starts_with("data:"),
                "asked for {url}"
            );
        }
    }
}

async fn text_of(client: &Client, css: &str) -> String {
    let element = client.find(Locator::Css(css)).await.unwrap();
    element.text().await.unwrap()
}

/// Waits until `css` shows a text that `done` accepts.
async fn wait_for(client: &Client, css: &str, done: impl Fn(&str) -> bool) -> String {
    let start = Instant::now();
    loop {
        let text = match client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        if done(&text) {
            return text;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{css} shows {text:?}"
        );
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn press(client: &Client, key: Key) {
    let key = key.into();
    let keys = KeyActions::new("keys".to_owned())
        .then(KeyAction::Down { value: key })
        .then(KeyAction::Up { value: key });
    client.perform_actions(keys).await.unwrap();
}

async fn hover(client: &Client, css: &str) {
    let element = client.find(Locator::Css(css)).await.unwrap();
    let mouse = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveToElement {
        element,
        duration: None,
        x: 0.0,
        y: 0.0,
    });
    client.perform_actions(mouse).await.unwrap();
}

/// Rules of axe-core that the page breaks, WCAG 2.2 A and AA and best practices.
async fn assert_accessible(client: &Client) {
    let axe = axe();
    let path = axe.place().unwrap();
    let axe = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("RECURRENT_AXE: {}: {error}", path.display()));
    client
        .execute(&format!("{axe}; window.axe = axe;"), vec![])
        .await
        .unwrap();
    let result = client
        .execute_async(
            "const done = arguments[0]; axe.run(document).then(r => done(JSON.stringify(
                 [r.passes.length, r.violations.map(v => [v.id, v.nodes.map(n => n.html + n.failureSummary)])])));",
            vec![],
        )
        .await
        .unwrap();
    let result: Value = serde_json::from_str(result.as_str().unwrap()).unwrap();
    assert!(result[0].as_u64().unwrap() > 10, "axe has looked");
    assert_eq!(result[1], json!([]), "{:#}", result[1]);
}

/// Nothing sticks out to the right.
async fn assert_fits(client: &Client) {
    let script = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(client.execute(script, vec![]).await.unwrap(), true);
}

async fn click(client: &Client, css: &str) {
    let element = client.find(Locator::Css(css)).await.unwrap();
    element.click().await.unwrap();
}

/// Where pictures of the pages go, for looking at them.
async fn screenshot(client: &Client, name: &str) {
    if let Some(folder) = std::env::var_os("RECURRENT_SCREENSHOTS") {
        let picture = client.screenshot().await.unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture).unwrap();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Light and wide, dark and narrow, with a name for the picture.
const REPORTS: [(bool, (u32, u32), &str); 2] = [
    (false, (1200, 1400), "report-light"),
    (true, (420, 1400), "report-dark-narrow"),
];

/// Where the report of the run lies.
fn report() -> String {
    format!("file://{}", trained().join("report.html").display())
}

fn the_report_is_accessible() {
    let (driver, url) = (Driver::start(chromedriver().place().unwrap()), report());
    block_on(async {
        for (dark, size, _) in REPORTS {
            let client = driver.open(dark, size).await;
            client.goto(&url).await.unwrap();
            assert_accessible(&client).await;
            client.close().await.unwrap();
        }
    });
}

fn the_report_opens_from_its_file() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let url = report();
    block_on(async {
        for (dark, size, name) in REPORTS {
            let client = driver.open(dark, size).await;
            client.goto(&url).await.unwrap();
            assert!(
                text_of(&client, "h1")
                    .await
                    .starts_with("Three networks on ")
            );
            screenshot(&client, name).await;
            assert_quiet(&client, "file://").await;
            assert_fits(&client).await;
            client.close().await.unwrap();
        }
    });
}
