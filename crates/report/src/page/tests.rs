//! No text breaks a page or a picture, whatever field it stands in, and none makes them large.

use proptest::prelude::*;
use resvg::usvg;

use super::*;
use crate::testing::{evaluation, run};

/// Characters that break something somewhere: XML, HTML, terminals, the direction of text, line ends.
const NASTY: &str = "\0\u{1}\u{8}\t\n\u{b}\r\u{10}\u{1b}[]<>&\"'`{}%\u{7f}\u{85}\u{9b}\u{a0}\u{301}\u{600}\u{200d}\
    \u{200f}\u{2028}\u{202e}\u{2066}\u{d7ff}\u{e000}\u{fdd0}\u{feff}\u{fffd}\u{fffe}\u{ffff}\u{1f468}\u{1ffff}\u{10ffff}";

fn nasty() -> impl Strategy<Value = String> {
    let known = prop::sample::select(NASTY.chars().collect::<Vec<_>>());
    let letter = prop_oneof![known, any::<char>(), prop::char::range('a', 'e')];
    prop::collection::vec(letter, 0..24).prop_map(|letters| letters.into_iter().collect())
}

/// Two runs that differ in their data, with `texts` in every field that can hold any text.
fn runs(texts: &[String]) -> Vec<Run> {
    let mut texts = texts.iter().cycle();
    let mut next = || texts.next().cloned().unwrap_or_default();
    let mut runs = [run(0), run(1)];
    for run in &mut runs {
        run.folder = next().into();
        let network = next();
        for text in [
            &mut run.info.recurrent,
            &mut run.info.burn,
            &mut run.info.backend,
            &mut run.info.cpu,
            &mut run.info.isa,
            &mut run.info.dataset,
            &mut run.info.dataset_sha256,
            &mut run.info.vectorizer_sha256,
        ] {
            *text = next();
        }
        run.info.sample = true;
        run.info.commit = Some(next());
        run.info.note = Some(next());
        run.left_out = vec![next()];
        for record in &mut run.history {
            record.network.clone_from(&network);
            record.note = Some(next());
        }
        let mut of = evaluation(&network);
        of.run = next();
        of.model = next();
        of.classes = vec![next(), next()];
        of.worst[0].path = next();
        of.worst[0].text = next();
        of.traces[0].path = next();
        for word in &mut of.traces[0].words {
            *word = next();
        }
        run.evaluations = [(network, of)].into();
    }
    runs.into()
}

/// Draws the report and holds it against what every reader of XML, HTML and text expects.
fn check(runs: &[Run]) -> Drawn {
    let drawn = draw(runs).unwrap();
    for (name, svg) in &drawn.pictures {
        usvg::Tree::from_str(svg, &usvg::Options::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let harmless = |c: char| c == '\n' || c == '\t' || !c.is_control();
    assert!(drawn.html.chars().all(harmless));
    drawn
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_gives_a_page_and_its_pictures(texts in prop::collection::vec(nasty(), 1..40)) {
        let drawn = check(&runs(&texts));
        // What is escaped cannot open an element of its own.
        let tags = drawn.html.matches("<script").count() + drawn.html.matches("<img").count();
        prop_assert_eq!(tags, 0);
    }
}

#[test]
fn every_single_nasty_character_is_survived() {
    for letter in NASTY.chars() {
        check(&runs(&[
            letter.to_string(),
            format!("<script>{letter}</script>"),
        ]));
    }
}

#[test]
fn reviews_of_imdb_with_control_characters_are_drawn() {
    // train/pos/6745_8.txt begins with four U+0008, train/neg/2133_4.txt has U+0010.
    let drawn = check(&runs(&[
        "\u{8}\u{8}\u{8}\u{8}a".to_owned(),
        "fi\u{10}lm".to_owned(),
    ]));
    assert!(drawn.html.contains("fi\u{fffd}lm"));
}

#[test]
fn long_texts_make_no_large_pictures() {
    let long = "<".repeat(1_000_000);
    let drawn = check(&runs(&[long]));
    for (name, svg) in &drawn.pictures {
        assert!(svg.len() < 100_000, "{name}: {} bytes", svg.len());
    }
    assert!(drawn.html.len() < 1_500_000, "{} bytes", drawn.html.len());
}

#[test]
fn many_words_epochs_and_steps_make_no_large_pictures() {
    let mut long = run(0);
    let record = long.history[0].clone();
    long.info.epochs = 20_000;
    long.history = (1..=20_000)
        .map(|epoch| recurrent_runs::EpochRecord {
            epoch,
            train_loss: if epoch % 2 == 0 { f64::NAN } else { 0.5 },
            ..record.clone()
        })
        .collect();
    let of = long.evaluations.get_mut("lstm").unwrap();
    for place in 1..500 {
        let mut other = of.traces[0].clone();
        other.path = format!("{place}");
        of.traces.push(other);
    }
    let trace = &mut of.traces[0];
    trace.words = vec!["word".repeat(20); 100_000];
    trace.unknown = vec![true; 100_000];
    trace.beliefs = (0..100_000)
        .map(|place| f64::from(place % 7) / 7.0)
        .collect();
    let curve = of.gradient.as_mut().unwrap();
    curve.by_distance = vec![curve.by_distance[1]; 100_000];
    let drawn = draw(&[long]).unwrap();
    assert!(drawn.pictures.len() < 30);
    for (name, svg) in &drawn.pictures {
        assert!(svg.len() < 500_000, "{name}: {} bytes", svg.len());
    }
}

#[test]
fn what_is_averaged_and_what_is_not_is_said() {
    let mut runs = vec![run(0), run(1), run(0)];
    runs[2].info.max_tokens = 10;
    let drawn = check(&runs);
    for text in [
        "lstm, 40 tokens</th>",
        "lstm, 10 tokens</th>",
        "chosen by the test split itself",
        "Only runs that differ in nothing but the seed are averaged",
    ] {
        assert!(drawn.html.contains(text), "{text}");
    }
    for (name, svg) in &drawn.pictures {
        assert!(svg.contains("lstm, 10 tokens"), "{name}");
    }
    assert!(drawn.notes.is_empty());
    runs[1].history.truncate(1);
    runs[2].history[1].test_loss = f64::NAN;
    let drawn = check(&runs);
    assert!(
        drawn.notes[0].contains("end after epoch 1"),
        "{:?}",
        drawn.notes
    );
    assert!(
        drawn.notes[1].contains("not finite at epoch 2"),
        "{:?}",
        drawn.notes
    );
    assert!(drawn.html.contains("<td>not finite</td>") && !drawn.html.contains("NaN"));
}
