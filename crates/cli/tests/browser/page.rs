//! The page against `trace`, in both themes, by keyboard, and with odd texts. What it draws is [`super::strip`]'s.

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::driver::Driver;
use super::models::{LABELS, NETWORKS, numbers, traced, traced_both, with_both};
use super::server::Server;
use super::{
    assert_accessible, assert_fits, assert_quiet, block_on, chromedriver, click, press, screenshot,
    text_of, wait_for,
};

/// A text that one types, with a place for a "not".
const TYPED: &str = "This movie is good and the story is great";

/// A probability as the page writes it.
pub(super) fn two(value: f64) -> String {
    match value {
        _ if (value - 0.5).abs() < 0.005 => format!("{value:.3}"),
        _ if value < 0.005 => "<0.01".to_owned(),
        _ if value < 0.995 => format!("{value:.2}"),
        _ => ">0.99".to_owned(),
    }
}

/// A size of any order of magnitude, likewise.
fn size(value: f64) -> String {
    let scientific = format!("{value:.1e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    match exponent.parse::<i32>().unwrap() {
        2..=3 => format!("{value:.0}"),
        exponent @ -2..=1 => format!("{value:.*}", usize::try_from(1 - exponent).unwrap()),
        _ => format!("{mantissa}×10"),
    }
}

/// The prediction where a network gives the second class this probability.
fn prediction(second: f64) -> String {
    match second > 0.5 {
        true => format!("pos {}", two(second)),
        false => format!("neg {}", two(1.0 - second)),
    }
}

/// What the page should show of a trace after `step` words.
fn second_after(trace: &Value, step: usize) -> f64 {
    let beliefs = numbers(&trace["beliefs"]);
    if trace["network"] == "dense" {
        beliefs[..step].iter().sum::<f64>() / step as f64
    } else {
        beliefs[step - 1]
    }
}

pub(super) fn second_of(trace: &Value) -> f64 {
    let probability = trace["probability"].as_f64().unwrap();
    match trace["label"] == "pos" {
        true => probability,
        false => 1.0 - probability,
    }
}

/// Puts a text in, as pasting does, and waits for its reading.
pub(super) async fn paste(client: &Client, text: &str, words: usize) {
    let script = "document.getElementById('text').value = arguments[0];
                  document.getElementById('text').dispatchEvent(new Event('input'));";
    client.execute(script, vec![text.into()]).await.unwrap();
    let place = format!("all {words} words");
    wait_for(client, "#place", |text| text.starts_with(&place)).await;
}

/// Waits for the page's own first text, gradients included.
pub(super) async fn open(client: &Client, server: &Server) {
    let origin = format!("http://{}/", server.address);
    client.goto(&origin).await.unwrap();
    wait_for(client, "#place", |text| text.starts_with("all ")).await;
    wait_for(client, "#track", |text| !text.contains("computing")).await;
}

/// What the card of the network at `place` says now.
async fn now(client: &Client, place: usize) -> String {
    text_of(client, &format!("article[data-model='{place}'] .now")).await
}

fn assert_says(now: &str, second: f64, place: usize) {
    let label = if second > 0.5 { "pos" } else { "neg" };
    assert!(
        now.starts_with(&format!("predicted {label}")),
        "{place}: {now}"
    );
    assert!(now.contains("probability of pos"), "{place}: {now}");
    let expected = format!(": {}", two(second));
    assert!(now.ends_with(&expected), "{place}: {now}, not {second}");
}

pub(super) fn the_page_shows_what_trace_says() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        // It opens with a review of its own; then one types another.
        open(&client, &server).await;
        let area = client.find(Locator::Css("#text")).await.unwrap();
        area.clear().await.unwrap();
        area.send_keys(TYPED).await.unwrap();
        let words = TYPED.split(' ').count();
        let end = format!("all {words} words and padding");
        wait_for(&client, "#place", |text| text == end).await;
        // The page reads while one types: what it read of half a word comes first.
        let last = format!(".word[data-place='{}']", words - 1);
        wait_for(&client, &last, |text| text == "great").await;
        let traces = traced(&["--gradient", "--states", TYPED]);
        for (place, trace) in traces.iter().enumerate() {
            assert_says(&now(&client, place).await, second_of(trace), place);
        }

        // Stepping with the keyboard, away from the text.
        click(&client, "#back").await;
        press(&client, Key::Left).await;
        press(&client, Key::Left).await;
        let place = format!("word {} of {words}", words - 2);
        wait_for(&client, "#place", |text| text == place).await;
        for (place, trace) in traces.iter().enumerate() {
            let second = second_after(trace, words - 2);
            let now = now(&client, place).await;
            assert_says(&now, second, place);
            assert!(now.contains("“story”"), "{now}");
        }
        press(&client, Key::Home).await;
        wait_for(&client, "#place", |text| text == "before the first word").await;
        assert_eq!(now(&client, 0).await, "no word read yet");

        // The fourth word: gates and gradient there.
        click(&client, ".word[data-place='3']").await;
        wait_for(&client, "#inside-title", |text| text.contains("“good”")).await;
        let inside = "article[data-network=lstm] .inside";
        let inside = wait_for(&client, inside, |text| text.contains("here")).await;
        let layer = &traces[2]["layers"][0];
        for gate in layer["gates"].as_array().unwrap() {
            let open = numbers(&gate["open"][3]);
            let mean = open.iter().sum::<f64>() / open.len() as f64;
            let expected = format!("mean {mean:.2}");
            assert!(inside.contains(&expected), "{inside} {expected}");
        }
        let gradient = size(numbers(&layer["gradient"])[3]);
        assert!(inside.contains(&gradient), "{inside} {gradient}");

        // A "not" before it: every card says what the prediction was, and is.
        click(&client, "#not").await;
        let place = format!("all {} words", words + 1);
        wait_for(&client, "#place", |text| text.starts_with(&place)).await;
        let changed = area.prop("value").await.unwrap().unwrap();
        assert_eq!(changed, TYPED.replace("good", "not good"));
        for (place, (was, is)) in traces.iter().zip(traced(&[&changed])).enumerate() {
            let change = text_of(&client, &format!("article[data-model='{place}'] .change")).await;
            let [was, is] = [was, &is].map(|trace| prediction(second_of(trace)));
            let expected = format!("without “not”: {was}\nwith “not”: {is}");
            assert_eq!(change, expected, "{}", NETWORKS[place]);
        }

        // Nothing, what is no word, and too much.
        for (text, message) in [
            (" ".to_owned(), "no prediction"),
            ("?! ...".to_owned(), "nothing to classify"),
            ("word ".repeat(100_000), "too long"),
        ] {
            let script = "document.getElementById('text').value = arguments[0];
                          document.getElementById('text').dispatchEvent(new Event('input'));";
            client.execute(script, vec![text.into()]).await.unwrap();
            wait_for(&client, "#message", |text| text.contains(message)).await;
            assert_eq!(text_of(&client, "#reading").await, "", "no numbers of it");
        }
        client.close().await.unwrap();
    });
}

/// Light and wide, dark and narrow, with a name for the picture.
const PAGES: [(bool, (u32, u32), &str); 4] = [
    (false, (1280, 940), "page-light"),
    (true, (1280, 940), "page-dark"),
    (false, (500, 980), "page-light-narrow"),
    (true, (500, 980), "page-dark-narrow"),
];

pub(super) fn the_page_is_accessible() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        for (dark, size, _) in PAGES {
            let client = driver.open(dark, size).await;
            open(&client, &server).await;
            assert_accessible(&client).await;
            // With padding, a word in the middle, and its tooltip.
            paste(&client, "The film was not bad", 5).await;
            click(&client, ".word[data-place='3']").await;
            wait_for(&client, "#tip", |text| text.contains("“not”")).await;
            assert_accessible(&client).await;
            client.close().await.unwrap();
        }
    });
}

pub(super) fn the_page_is_quiet() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let origin = format!("http://{}/", server.address);
        for (dark, size, name) in PAGES {
            let client = driver.open(dark, size).await;
            open(&client, &server).await;
            screenshot(&client, name).await;
            assert_fits(&client).await;
            click(&client, "#play").await;
            wait_for(&client, "#place", |text| text.starts_with("word ")).await;
            click(&client, "#play").await;
            assert_eq!(text_of(&client, "#play").await, "Play");
            // Every text can be picked once, and none is without a name.
            let script = "return [...document.querySelectorAll('#pick option')].slice(1).map(o => [o.value, o.label])";
            let picks = client.execute(script, vec![]).await.unwrap();
            let picks = picks.as_array().unwrap();
            let mut texts: Vec<&str> = picks.iter().filter_map(|pick| pick[0].as_str()).collect();
            texts.sort_unstable();
            texts.dedup();
            assert!(texts.len() > 3 && texts.len() == picks.len(), "{picks:?}");
            assert!(picks.iter().all(|pick| pick[1] != ""), "{picks:?}");
            assert_quiet(&client, &origin).await;
            client.close().await.unwrap();
        }
    });
}

pub(super) fn networks_of_one_kind_and_odd_texts_have_cards_that_hold_them() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::of(with_both("serve"));
    block_on(async {
        let client = driver.open(false, (500, 980)).await;
        open(&client, &server).await;
        let odd = format!("a {} \u{202e}good\u{7}\u{85} film", "x".repeat(5000));
        paste(&client, &odd, 4).await;
        for (place, trace) in traced_both(&odd).iter().enumerate() {
            let card = format!("article[data-model='{place}']");
            let label = text_of(&client, &format!("{card} h3")).await;
            assert_eq!(label, LABELS[place]);
            assert_says(&now(&client, place).await, second_of(trace), place);
        }
        assert_fits(&client).await;
        client.close().await.unwrap();
    });
}

pub(super) fn the_keyboard_reaches_everything_in_order() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        open(&client, &server).await;
        let mut order = Vec::new();
        for _ in 0..10 {
            press(&client, Key::Tab).await;
            let script = "const node = document.activeElement; return node.id || node.className";
            let name = client.execute(script, vec![]).await.unwrap();
            order.push(name.as_str().unwrap().to_owned());
        }
        let expected = [
            "text", "pick", "first", "back", "play", "forward", "last", "pace", "not",
        ];
        assert_eq!(order[..expected.len()], expected);
        assert!(order[expected.len()].starts_with("word"), "{order:?}");
        client.close().await.unwrap();
    });
}
