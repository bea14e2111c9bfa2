//! How much memory counting a Parquet file takes, on Linux. `polars_memory write FILE MEGABYTES ROWS` makes
//! one of random words with so many rows in a row group, `polars_memory count FILE` counts its tokens and
//! says how much memory that took at its peak.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use polars::prelude::*;
use recurrent_vectorizer::{TokenCounts, ValidParams};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", file, megabytes, rows] => {
            write(Path::new(file), megabytes.parse()?, rows.parse()?)
        }
        ["count", file] => count(Path::new(file)),
        _ => {
            Err("usage: polars_memory write FILE MEGABYTES ROWS | polars_memory count FILE".into())
        }
    }
}

/// Texts of 200 words each, of 50,000 different ones, in row groups of so many.
fn write(path: &Path, megabytes: usize, rows: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
    let schema = Schema::from_iter([Field::new("text".into(), DataType::String)]);
    let mut writer = ParquetWriter::new(File::create(path)?).batched(&schema)?;
    let (mut state, mut bytes) = (1_u64, 0);
    while bytes < megabytes * 1_000_000 {
        let texts: Vec<String> = (0..rows).map(|_| text(&mut state)).collect();
        bytes += texts.iter().map(String::len).sum::<usize>();
        writer.write_batch(&df!("text" => texts)?)?;
    }
    writer.finish()?;
    println!(
        "{bytes} bytes of text in {} of Parquet",
        fs::metadata(path)?.len()
    );
    Ok(())
}

fn text(state: &mut u64) -> String {
    let word = |_| {
        *state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let random = *state >> 33;
        // Small numbers are frequent, as small words are.
        format!("w{} ", (random & 0xFFFF) % (1 + (random >> 16) % 50_000))
    };
    (0..200).map(word).collect()
}

fn count(path: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
    let done = AtomicBool::new(false);
    let before = kilobytes("RssAnon")?;
    let (counts, seconds, peak) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(kilobytes("RssAnon").unwrap_or(0));
                thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let start = Instant::now();
        let counted = counted(path);
        let seconds = start.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        (counted, seconds, watch.join().unwrap_or(0))
    });
    let counts = counts?;
    println!(
        "{} texts, {} distinct tokens in {seconds:.1} s; peak {} MB of memory ({} MB with the pages of \
         the file), {} MB before",
        counts.texts(),
        counts.distinct(),
        peak / 1000,
        kilobytes("VmHWM")? / 1000,
        before / 1000,
    );
    Ok(())
}

fn counted(path: &Path) -> Result<TokenCounts, Box<dyn Error + Send + Sync>> {
    let path = PlRefPath::try_from_path(path)?;
    let query = LazyFrame::scan_parquet(path, ScanArgsParquet::default())?;
    let mut counts = TokenCounts::new(&ValidParams::default());
    counts.add_query(query, "text")?;
    Ok(counts)
}

/// A line of what the kernel says about this process.
fn kilobytes(name: &str) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("the kernel does not say")?.parse()?)
}
