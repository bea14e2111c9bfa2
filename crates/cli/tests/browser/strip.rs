//! What the page draws: words and curves in line, padding, what is read and what is not yet, more than two classes.

use std::fmt::Write as _;
use std::path::Path;

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::common::{recurrent, reproduce, small, succeed};
use super::driver::Driver;
use super::models::{NETWORKS, model, numbers, traced};
use super::page::{open, paste, two};
use super::server::Server;
use super::{block_on, chromedriver, click, hover, press, screenshot, text_of, wait_for};

/// The points of a network's curve: those up to the word that one is at, or those after it.
async fn points(client: &Client, model: usize, which: &str) -> Vec<[f64; 2]> {
    let css = format!("article[data-model='{model}'] .{which} .path");
    let path = client.find(Locator::Css(&css)).await.unwrap();
    let points = path.attr("points").await.unwrap().unwrap_or_default();
    let pairs = points.split_whitespace().map(|point| {
        let (x, y) = point.split_once(',').unwrap();
        [x.parse().unwrap(), y.parse().unwrap()]
    });
    pairs.collect()
}

/// A script's answer.
async fn answer(client: &Client, script: &str) -> Value {
    client.execute(script, vec![]).await.unwrap()
}

/// From the left of the strip of a network: the middles of the words and of the padding, and half their widths.
async fn middles(client: &Client, model: usize) -> Vec<[f64; 2]> {
    let script = format!(
        "const {{ left }} = document.querySelector('article[data-model=\"{model}\"] .curve').getBoundingClientRect();
         return [...document.querySelectorAll('.word')].map(word => word.getBoundingClientRect())
             .map(box => [(box.left + box.right) / 2 - left, box.width / 2]);"
    );
    let middles = answer(client, &script).await;
    let pairs = middles.as_array().unwrap().iter().map(numbers);
    pairs.map(|pair| [pair[0], pair[1]]).collect()
}

pub(super) fn points_lie_under_their_words_and_all_fits_a_laptop() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        open(&client, &server).await;
        // What needs the room: the text of the page's own, a look inside, and all the networks.
        let bottom = "return Math.max(...[...document.querySelectorAll('#text, .plot, .inside')]
            .map(node => node.getBoundingClientRect().bottom)) + scrollY";
        let bottom = answer(&client, bottom).await.as_f64().unwrap();
        assert!(bottom <= 800.0, "{bottom}");
        for text in [
            None,
            Some("A good film -- and not a long one, unaccountably!"),
        ] {
            if let Some(text) = text {
                paste(&client, text, 9).await;
            }
            for model in 0..NETWORKS.len() {
                let (points, middles) = (
                    points(&client, model, "past").await,
                    middles(&client, model).await,
                );
                assert!(points.len() == 100 && middles.len() > 8, "{points:?}");
                // The last place is that of the padding.
                for (word, point) in middles[..middles.len() - 1].iter().zip(&points) {
                    assert!((word[0] - point[0]).abs() < 1.0, "{word:?} {point:?}");
                }
            }
        }
        client.close().await.unwrap();
    });
}

pub(super) fn padding_is_shown_and_skipped_behind_a_mask() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    let arguments = ["--epochs", "1", "--networks", "gru_masked"];
    succeed(&mut reproduce(data.path(), out.path(), &arguments));
    let mut serve = recurrent();
    serve.arg("serve").arg(model("lstm"));
    serve.arg(out.path().join("gru_masked"));
    let (server, driver) = (
        Server::of(serve),
        Driver::start(chromedriver().place().unwrap()),
    );
    let words = 3;
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        open(&client, &server).await;
        paste(&client, "a good film", words).await;
        assert_eq!(text_of(&client, ".word.padding").await, "padding ×97");
        let message = text_of(&client, "#message").await;
        assert_eq!(
            message,
            "97 of 100 positions were padding; lstm was trained without a mask, so its answer on short texts is not \
             reliable."
        );
        for (model, note) in ["read like words", "skipped (mask)"].iter().enumerate() {
            let shown = text_of(&client, &format!("article[data-model='{model}'] .note")).await;
            assert_eq!(shown, *note);
            let points = points(&client, model, "past").await;
            let [middle, half] = middles(&client, model).await[words];
            assert_eq!(points.len(), 100);
            for [x, _] in &points[words..] {
                assert!((x - middle).abs() <= half, "{x} {middle} {half}");
            }
            let stays = points[words..]
                .iter()
                .all(|[_, y]| *y == points[words - 1][1]);
            assert_eq!(stays, model == 1, "{points:?}");
        }
        screenshot(&client, "page-padding").await;
        client.close().await.unwrap();
    });
}

pub(super) fn what_is_not_read_yet_is_not_drawn() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        open(&client, &server).await;
        paste(&client, "This movie is good and the story is great", 9).await;
        // Slowly, so that a busy machine does not miss a word.
        answer(&client, "document.getElementById('pace').value = 1").await;
        click(&client, "#play").await;
        wait_for(&client, "#place", |text| text.starts_with("word 3")).await;
        click(&client, "#play").await;
        assert_eq!(text_of(&client, "#place").await, "word 3 of 9");
        for model in 0..NETWORKS.len() {
            assert_eq!(points(&client, model, "past").await.len(), 3);
            // The last one, from where it goes on.
            assert_eq!(points(&client, model, "ahead").await.len(), 1);
        }
        let later = "return document.querySelectorAll('.word.later').length";
        assert_eq!(answer(&client, later).await, 7, "six words and the padding");
        hover(&client, ".word[data-place='5']").await;
        wait_for(&client, "#tip", |text| text.contains("not read yet")).await;
        // Back, and what has been read stays.
        click(&client, ".word[data-place='0']").await;
        wait_for(&client, "#place", |text| text == "word 1 of 9").await;
        assert_eq!(points(&client, 2, "past").await.len(), 1);
        assert_eq!(points(&client, 2, "ahead").await.len(), 3);
        client.close().await.unwrap();
    });
}

pub(super) fn a_click_stays_and_arrow_keys_move_the_focus() {
    let driver = Driver::start(chromedriver().place().unwrap());
    let server = Server::start();
    let text = "This movie is good and the story is great";
    block_on(async {
        let client = driver.open(false, (1280, 940)).await;
        open(&client, &server).await;
        paste(&client, text, 9).await;
        click(&client, ".word[data-place='3']").await;
        wait_for(&client, "#inside-title", |text| text.contains("“good”")).await;
        // The pointer shows numbers of another word, and leaves the place as it is.
        hover(&client, ".word[data-place='8']").await;
        let tip = wait_for(&client, "#tip", |text| text.contains("“great”")).await;
        for trace in &traced(&[text])[1..] {
            let expected = two(numbers(&trace["beliefs"])[8]);
            assert!(tip.contains(&expected), "{tip} {expected}");
        }
        hover(&client, "h1").await;
        assert_eq!(text_of(&client, "#place").await, "word 4 of 9");
        assert!(text_of(&client, "#inside-title").await.contains("“good”"));
        let focused = "const word = document.activeElement;
             return [word.dataset.place, word.getAttribute('aria-current'), word.tabIndex,
                 document.querySelectorAll('.word[tabindex=\"0\"]').length].join(' ')";
        for (key, place) in [
            (Key::Right, "4"),
            (Key::Left, "3"),
            (Key::Home, "0"),
            (Key::Left, "0"),
            (Key::End, "9"),
        ] {
            press(&client, key).await;
            let found = answer(&client, focused).await;
            assert_eq!(found, format!("{place} true 0 1"), "{key:?}");
        }
        wait_for(&client, "#place", |text| text == "all 9 words and padding").await;
        client.close().await.unwrap();
    });
}

/// A model of three classes.
fn three(folder: &Path) -> std::path::PathBuf {
    let (table, out) = (folder.join("tickets.csv"), folder.join("queues"));
    let words = [
        ("billing", "invoice"),
        ("login", "password"),
        ("shipping", "parcel"),
    ];
    let mut text = "body,queue\n".to_owned();
    for row in 0..150 {
        let (queue, word) = words[row % 3];
        writeln!(text, "my {word} again and so on {row},{queue}").unwrap();
    }
    std::fs::write(&table, text).unwrap();
    let mut train = recurrent();
    train.arg("train").arg(table).arg("--out").arg(&out);
    train.args(["--text", "body", "--label", "queue", "--length", "12"]);
    succeed(train.args(["--epochs", "3"]));
    out
}

pub(super) fn three_classes_stand_beside_two() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = recurrent();
    serve
        .arg("serve")
        .arg(three(folder.path()))
        .arg(model("lstm"));
    let (server, driver) = (
        Server::of(serve),
        Driver::start(chromedriver().place().unwrap()),
    );
    block_on(async {
        let client = driver.open(true, (1280, 940)).await;
        open(&client, &server).await;
        paste(&client, "where is my parcel and my good film", 8).await;
        let now = text_of(&client, "article[data-model='0'] .now").await;
        let queues = ["billing", "login", "shipping"];
        let label = queues
            .into_iter()
            .find(|queue| now.starts_with(&format!("predicted {queue}")));
        let label = label.unwrap_or_else(|| panic!("{now}"));
        assert!(now.contains(&format!("probability of {label}")), "{now}");
        let axis = text_of(&client, "article[data-model='0'] .axis").await;
        assert!(!axis.contains("neg") && axis.contains("0.5"), "{axis}");
        let axis = text_of(&client, "article[data-model='1'] .axis").await;
        assert!(axis.contains("1 pos") && axis.contains("0 neg"), "{axis}");
        // The colours of two classes say nothing of three.
        let drawn = "return [0, 1].map(model => ['first', 'second', 'other'].map(name =>
            document.querySelector(`article[data-model=\"${model}\"] .past .bars.${name}`).getAttribute('d') !== ''))";
        let drawn = answer(&client, drawn).await;
        assert_eq!(drawn[0], serde_json::json!([false, false, true]));
        assert_eq!(drawn[1][2], false);
        let legend = text_of(&client, "#legend").await;
        assert!(legend.contains("class predicted at the end"), "{legend}");
        screenshot(&client, "page-three-classes").await;
        client.close().await.unwrap();
    });
}
