//! `--dashboard`: live curves on the terminal, above what has been printed.
//!
//! Drawn in place, on standard error, without taking the terminal over: finished epochs stay in the terminal's own
//! history, the cursor is shown again after each drawing, and an interruption gives the terminal back as it was.

use std::io::{IsTerminal, Stderr, stderr};
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{disable_raw_mode, size};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, Gauge, GraphType, Widget};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use recurrent_training::{EpochRecord, Observer, Progress, Score};

use crate::interrupt::{OnStop, on_stop};
use crate::print;
use crate::progress::epoch_lines;

/// Lines of the terminal that the dashboard takes.
const HEIGHT: u16 = 18;

/// How often it is drawn at most.
const PAUSE: Duration = Duration::from_millis(100);

/// The running score in it is this old at most.
const BETWEEN_SCORES: Duration = Duration::from_millis(500);

/// The most networks whose curves stay, and characters of their names: more would take the legend's room.
const EARLIER: usize = 2;
const NAME: usize = 14;

/// A dashboard of a network that is trained, with what those before it reached.
pub(crate) struct Dashboard {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    /// Gives the terminal back when the program is interrupted.
    _restored: OnStop,
    shown: Shown,
    drawn: Instant,
    scored: Instant,
}

/// What is on it.
#[derive(Default)]
struct Shown {
    /// Of the networks that were trained before.
    earlier: Vec<EpochRecord>,
    /// Of this one.
    records: Vec<EpochRecord>,
    progress: Option<Progress>,
    /// Of the epoch so far.
    score: Option<Score>,
}

impl Dashboard {
    /// With the epochs of `earlier` networks. None where standard output or standard error is no terminal, or cannot be
    /// drawn on.
    pub(crate) fn open(earlier: &[EpochRecord]) -> Option<Self> {
        if !stderr().is_terminal() || !std::io::stdout().is_terminal() || !has_room() {
            return None;
        }
        // Asking the terminal where its cursor is takes raw mode, which must not outlive the program.
        let restored = on_stop(|| {
            let _ = disable_raw_mode();
            let _ = execute!(stderr(), Show);
        });
        let options = TerminalOptions {
            viewport: Viewport::Inline(HEIGHT),
        };
        let terminal = Terminal::with_options(CrosstermBackend::new(stderr()), options).ok()?;
        Some(Self {
            terminal,
            _restored: restored,
            shown: Shown {
                earlier: earlier.to_vec(),
                ..Shown::default()
            },
            drawn: Instant::now(),
            scored: Instant::now(),
        })
    }

    fn draw(&mut self) {
        let shown = &self.shown;
        // A picture that cannot be drawn is no reason to end a run.
        if has_room() {
            let _ = self.terminal.draw(|frame| show(frame, shown));
            let _ = self.terminal.show_cursor();
        }
        self.drawn = Instant::now();
    }
}

impl Observer for Dashboard {
    fn step(&mut self, progress: Progress) {
        self.shown.progress = Some(progress);
        if self.drawn.elapsed() > PAUSE {
            self.draw();
        }
    }

    fn wants_score(&mut self) -> bool {
        let wanted = self.scored.elapsed() > BETWEEN_SCORES;
        if wanted {
            self.scored = Instant::now();
        }
        wanted
    }

    fn score(&mut self, so_far: Score) {
        self.shown.score = Some(so_far);
    }

    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord) {
        let text = epoch_lines("test", epochs, steps, record);
        let columns = size().map_or(80, |(columns, _)| usize::from(columns));
        let text = text.lines().map(|line| wrapped(line, columns));
        let text = text.collect::<Vec<_>>().join("\n");
        let lines: Vec<Line> = text.lines().map(Line::raw).collect();
        // Without rows there is no place above the picture, and none would be sought for ever.
        if !has_room() {
            let _ = print(&text);
        } else {
            let _ = self.terminal.insert_before(lines.len() as u16, |buffer| {
                for (row, line) in lines.iter().enumerate() {
                    line.render(Rect::new(0, row as u16, buffer.area.width, 1), buffer);
                }
            });
        }
        self.shown.records.push(record.clone());
        self.shown.score = None;
        self.draw();
    }
}

/// A line of figures in as many lines as it needs, broken between figures.
fn wrapped(line: &str, columns: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for part in line.split(" - ") {
        let length = part.chars().count();
        if used > 0 && used + 3 + length > columns {
            text.push_str("\n  ");
            used = 2;
        } else if used > 0 {
            text.push_str(" - ");
            used += 3;
        }
        text.push_str(part);
        used += length;
    }
    text
}

/// Whether the terminal has any rows and columns; a serial line may say that it has none.
fn has_room() -> bool {
    size().is_ok_and(|(columns, rows)| columns > 0 && rows > 0)
}

fn show(frame: &mut Frame, shown: &Shown) {
    let progress = shown.progress;
    let [charts, gauge] =
        Layout::vertical([Constraint::Min(8), Constraint::Length(1)]).areas(frame.area());
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(charts);
    let epochs = progress.map_or(shown.records.len(), |progress| progress.epochs);
    let losses = |record: &EpochRecord| [record.train_loss, record.test_loss];
    let accuracies = |record: &EpochRecord| [record.train_accuracy, record.test_accuracy];
    curves(frame, left, "loss", epochs, shown, losses);
    curves(frame, right, "accuracy", epochs, shown, accuracies);
    if let Some(progress) = progress {
        let score = shown.score.map_or(String::new(), |score| {
            format!(", loss {:.4}, accuracy {:.4}", score.loss, score.accuracy)
        });
        let label = format!(
            "epoch {}/{}, step {}/{}{score}",
            progress.epoch, progress.epochs, progress.step, progress.steps
        );
        let share = progress.step as f64 / progress.steps.max(1) as f64;
        let bar = Gauge::default().ratio(share.clamp(0.0, 1.0)).label(label);
        frame.render_widget(bar.gauge_style(Style::new().fg(Color::Blue)), gauge);
    }
}

fn curves(
    frame: &mut Frame,
    area: Rect,
    name: &str,
    epochs: usize,
    shown: &Shown,
    values: impl Fn(&EpochRecord) -> [f64; 2],
) {
    let records = &shown.records;
    let point = |record: &EpochRecord, which: usize| (record.epoch as f64, values(record)[which]);
    let points = |which: usize| -> Vec<(f64, f64)> {
        let points = records.iter().map(|record| point(record, which));
        points.collect()
    };
    let (train, test) = (points(0), points(1));
    // Of the last networks before it the test curves, for comparison.
    let mut earlier: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for record in &shown.earlier {
        match earlier.last_mut() {
            Some((network, points)) if *network == record.network => points.push(point(record, 1)),
            _ => earlier.push((record.network.clone(), vec![point(record, 1)])),
        }
    }
    let mut earlier = earlier.split_off(earlier.len().saturating_sub(EARLIER));
    for (network, _) in &mut earlier {
        *network = network.chars().take(NAME).collect();
    }
    let all = train
        .iter()
        .chain(&test)
        .chain(earlier.iter().flat_map(|(_, points)| points))
        .map(|(_, y)| *y)
        .filter(|y| y.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
        (low.min(y), high.max(y))
    });
    let (low, high) = match low <= high {
        true => (low - 0.01, high + 0.01),
        false => (0.0, 1.0),
    };
    fn line<'a>(name: &'a str, color: Color, points: &'a [(f64, f64)]) -> Dataset<'a> {
        Dataset::default()
            .name(name)
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(color))
            .data(points)
    }
    let mut datasets = vec![
        line("train", Color::Yellow, &train),
        line("test", Color::Cyan, &test),
    ];
    let colors = [Color::Magenta, Color::Green];
    for ((network, points), color) in earlier.iter().zip(colors) {
        datasets.push(line(network, color, points));
    }
    let last = epochs.max(2) as f64;
    let network = records.first().map_or("", |record| record.network.as_str());
    let chart = Chart::new(datasets)
        // The names of the lines, even where they take a good part of a low picture.
        .hidden_legend_constraints((Constraint::Ratio(1, 2), Constraint::Ratio(1, 2)))
        .block(Block::bordered().title(format!(" {network} {name} ")))
        .x_axis(
            Axis::default()
                .title("epoch")
                .bounds([1.0, last])
                .labels(["1".to_owned(), epochs.max(2).to_string()]),
        )
        .y_axis(
            Axis::default()
                .bounds([low, high])
                .labels([format!("{low:.2}"), format!("{high:.2}")]),
        );
    frame.render_widget(chart, area);
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_broken_between_figures() {
        let line = "2s - loss: 0.5 - accuracy: 0.7";
        assert_eq!(wrapped(line, 80), line);
        assert_eq!(wrapped(line, 20), "2s - loss: 0.5\n  accuracy: 0.7");
    }

    fn record(epoch: usize) -> EpochRecord {
        EpochRecord {
            network: "lstm".to_owned(),
            epoch,
            train_loss: 0.6 / epoch as f64,
            train_accuracy: 0.7,
            test_loss: 0.5,
            test_accuracy: 0.75,
            seconds: 1.0,
            note: None,
        }
    }

    fn drawn(shown: &Shown) -> String {
        let mut terminal = Terminal::new(TestBackend::new(80, HEIGHT)).unwrap();
        terminal.draw(|frame| show(frame, shown)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn curves_and_progress_are_on_it() {
        let progress = Progress {
            epoch: 3,
            epochs: 10,
            step: 391,
            steps: 782,
        };
        let text = drawn(&Shown {
            earlier: ["gru", "dense", "stacked_bilstm_masked"]
                .map(|network| EpochRecord {
                    network: network.to_owned(),
                    ..record(1)
                })
                .to_vec(),
            records: vec![record(1), record(2)],
            progress: Some(progress),
            score: Some(Score {
                loss: 0.25,
                accuracy: 0.875,
            }),
        });
        for word in [
            "dense",
            "stacked_bilstm",
            "loss 0.2500, accuracy 0.8750",
            "lstm loss",
            "lstm accuracy",
            "epoch 3/10, step 391/782",
            "train",
            "test",
            "0.61",
        ] {
            assert!(text.contains(word), "{word} in\n{text}");
        }
        // The last two of those before it.
        assert!(!text.contains("gru"), "{text}");
        // There are curves: Braille, which nothing else here is written in.
        assert!(
            text.chars()
                .any(|letter| ('\u{2801}'..='\u{28ff}').contains(&letter))
        );
    }

    #[test]
    fn before_the_first_epoch_there_is_a_picture_too() {
        assert!(drawn(&Shown::default()).contains("loss"));
    }
}
