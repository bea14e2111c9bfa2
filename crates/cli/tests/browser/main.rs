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
#[path = "../common/server.rs"]
mod server;

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
use models::{LABELS, NETWORKS, numbers, traced, traced_both, trained, with_both};
use server::Server;

/// A text that one types, with a place for a "not".
const TYPED: &str = "This movie is good and the story is great";

fn main() -> ExitCode {
    let (driver, axe) = (chromedriver(), axe());
    let with_driver = |name, test: fn()| outside::trial(name, &[&driver], test);
    let with_both = |name, test: fn()| outside::trial(name, &[&driver, &axe], test);
    outside::run(vec![
        with_driver(
            "the_page_shows_what_trace_says",
            the_page_shows_what_trace_says,
        ),
        with_driver("the_page_plays_and_is_quiet", the_page_plays_and_is_quiet),
        with_both("the_page_is_accessible", the_page_is_accessible),
        with_driver(
            "networks_of_one_kind_and_odd_texts_have_cards_that_hold_them",
            networks_of_one_kind_and_odd_texts_have_cards_that_hold_them,
        ),
        with_driver(
            "the_keyboard_reaches_everything_in_order",
            the_keyboard_reaches_everything_in_order,
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

/// What a card of the page says when a network believes `second` in the second class.
fn shown(second: f64) -> String {
    match second > 0.5 {
        true => format!("pos {:.1} %", 100.0 * second),
        false => format!("neg {:.1} %", 100.0 * (1.0 - second)),
    }
}

/// What the page should show of a trace after `step` words.
fn belief_after(trace: &Value, step: usize) -> f64 {
    let beliefs = numbers(&trace["beliefs"]);
    if trace["network"] == "dense" {
        beliefs[..step].iter().sum::<f64>() / step as f64
    } else {
        beliefs[step - 1]
    }
}

fn second_of(trace: &Value) -> f64 {
    let probability = trace["probability"].as_f64().unwrap();
    match trace["label"] == "pos" {
        true => probability,
        false => 1.0 - probability,
    }
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

fn the_page_shows_what_trace_says() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1200, 1000)).await;
        let origin = format!("http://{}/", server.address);
        client.goto(&origin).await.unwrap();
        // It opens with a review of its own; then one types another.
        wait_for(&client, "#place", |text| text.starts_with("all 21")).await;
        let area = client.find(Locator::Css("#text")).await.unwrap();
        area.clear().await.unwrap();
        area.send_keys(TYPED).await.unwrap();
        let words = TYPED.split(' ').count();
        let end = format!("all {words} words, and {} steps of padding", 100 - words);
        wait_for(&client, "#place", |text| text == end).await;
        // The page reads while one types: what it read of half a word comes first.
        let last = format!(
            "article[data-network=lstm] .word[data-place='{}']",
            words - 1
        );
        wait_for(&client, &last, |text| text == "great").await;
        let traces = traced(&["--gradient", "--states", TYPED]);
        for (network, trace) in NETWORKS.iter().zip(&traces) {
            let card = format!("article[data-network={network}] .now");
            let expected = shown(second_of(trace));
            wait_for(&client, &card, |text| text == expected).await;
        }

        // Stepping with the keyboard, away from the text.
        click(&client, "#back").await;
        press(&client, Key::Left).await;
        press(&client, Key::Left).await;
        wait_for(&client, "#place", |text| {
            text == format!("{} of {words} words", words - 2)
        })
        .await;
        for (network, trace) in NETWORKS.iter().zip(&traces) {
            let card = format!("article[data-network={network}] .now");
            let belief = belief_after(trace, words - 2);
            assert_eq!(text_of(&client, &card).await, shown(belief), "{network}");
        }
        press(&client, Key::Home).await;
        wait_for(&client, "#place", |text| text.starts_with("0 of")).await;
        press(&client, Key::Right).await;
        press(&client, Key::Right).await;

        // Hovering over the fourth word: belief, gates and gradient there.
        hover(&client, "article[data-network=lstm] .word[data-place='3']").await;
        wait_for(&client, "#inside-title", |text| text.contains("“good”")).await;
        let inside = wait_for(&client, ".detail[data-network=lstm]", |text| {
            !text.contains('…')
        })
        .await;
        let trace = &traces[2];
        let belief = numbers(&trace["beliefs"])[3];
        assert!(
            inside.contains(&format!("pos {belief:.4}")),
            "{inside} {belief}"
        );
        for gate in trace["layers"][0]["gates"].as_array().unwrap() {
            let open = numbers(&gate["open"][3]);
            let mean = open.iter().sum::<f64>() / open.len() as f64;
            let expected = format!("{mean:.2} open");
            assert!(inside.contains(&expected), "{inside} {expected}");
        }
        let gradient = numbers(&trace["layers"][0]["gradient"])[3];
        let mantissa = format!("{gradient:.1e}");
        let mantissa = mantissa.split('e').next().unwrap();
        assert!(inside.contains(mantissa), "{inside} {gradient}");

        // A "not" before the fourth word: every card says what it was and is.
        press(&client, Key::Right).await;
        press(&client, Key::Right).await;
        click(&client, "#not").await;
        wait_for(&client, "#place", |text| {
            text.starts_with(&format!("all {}", words + 1))
        })
        .await;
        let changed = area.prop("value").await.unwrap().unwrap();
        assert_eq!(changed, TYPED.replace("good", "not good"));
        for (network, (was, is)) in NETWORKS.iter().zip(traces.iter().zip(traced(&[&changed]))) {
            let change =
                text_of(&client, &format!("article[data-network={network}] .change")).await;
            let expected = format!(
                "was {}, is {}",
                shown(second_of(was)),
                shown(second_of(&is))
            );
            assert_eq!(change, expected, "{network}");
        }

        // Nothing, and too much.
        area.clear().await.unwrap();
        area.send_keys(" ").await.unwrap();
        wait_for(&client, "#message", |text| text.contains("Write or paste")).await;
        client
            .execute(
                "document.getElementById('text').value = 'word '.repeat(100000);
                 document.getElementById('text').dispatchEvent(new Event('input'));",
                vec![],
            )
            .await
            .unwrap();
        wait_for(&client, "#message", |text| text.contains("too long")).await;
        client.close().await.unwrap();
    });
}

/// Light and wide, dark and narrow, with a name for the picture.
const PAGES: [(bool, (u32, u32), &str); 2] = [
    (false, (1200, 1100), "page-light"),
    (true, (420, 1000), "page-dark-narrow"),
];

async fn read_page(client: &Client, origin: &str) {
    client.goto(origin).await.unwrap();
    wait_for(client, "#place", |text| text.starts_with("all 21")).await;
    wait_for(client, ".detail[data-network=lstm]", |text| {
        !text.contains('…')
    })
    .await;
}

fn the_page_is_accessible() {
    let (driver, server) = (
        Driver::start(chromedriver().place().unwrap()),
        Server::start(),
    );
    block_on(async {
        let origin = format!("http://{}/", server.address);
        for (dark, size, _) in PAGES {
            let client = driver.open(dark, size).await;
            read_page(&client, &origin).await;
            assert_accessible(&client).await;
            client.close().await.unwrap();
        }
    });
}

fn the_page_plays_and_is_quiet() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let origin = format!("http://{}/", server.address);
        for (dark, size, name) in PAGES {
            let client = driver.open(dark, size).await;
            read_page(&client, &origin).await;
            screenshot(&client, name).await;
            assert_fits(&client).await;
            // Slowly, so that a busy machine does not miss a word.
            client
                .execute("document.getElementById('pace').value = 1", vec![])
                .await
                .unwrap();
            let play = client.find(Locator::Css("#play")).await.unwrap();
            play.click().await.unwrap();
            wait_for(&client, "#place", |text| text.starts_with("2 of")).await;
            play.click().await.unwrap();
            assert_eq!(text_of(&client, "#play").await, "Play");
            assert_quiet(&client, &origin).await;
            client.close().await.unwrap();
        }
    });
}

fn networks_of_one_kind_and_odd_texts_have_cards_that_hold_them() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::of(with_both("serve"));
    block_on(async {
        let client = driver.open(false, (420, 1000)).await;
        client
            .goto(&format!("http://{}/", server.address))
            .await
            .unwrap();
        let odd = format!("a {} \u{202e}good\u{7}\u{85} film", "x".repeat(5000));
        client
            .execute(
                "document.getElementById('text').value = arguments[0];
                 document.getElementById('text').dispatchEvent(new Event('input'));",
                vec![odd.clone().into()],
            )
            .await
            .unwrap();
        wait_for(&client, "#place", |text| text.starts_with("all 4")).await;
        for (place, trace) in traced_both(&odd).iter().enumerate() {
            let card = format!("article[data-model='{place}']");
            let label = text_of(&client, &format!("{card} h3")).await;
            assert_eq!(label, LABELS[place]);
            let now = text_of(&client, &format!("{card} .now")).await;
            assert_eq!(now, shown(second_of(trace)), "{label}");
        }
        assert_fits(&client).await;
        client.close().await.unwrap();
    });
}

fn the_keyboard_reaches_everything_in_order() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1200, 1000)).await;
        client
            .goto(&format!("http://{}/", server.address))
            .await
            .unwrap();
        wait_for(&client, "#place", |text| text.starts_with("all 21")).await;
        let mut order = Vec::new();
        for _ in 0..10 {
            press(&client, Key::Tab).await;
            let id = client
                .execute("return document.activeElement.id", vec![])
                .await
                .unwrap();
            order.push(id.as_str().unwrap().to_owned());
        }
        let expected = [
            "text", "pick", "not", "first", "back", "play", "forward", "last", "pace",
        ];
        assert_eq!(order[..expected.len()], expected);
        client.close().await.unwrap();
    });
}

/// As [`PAGES`].
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
