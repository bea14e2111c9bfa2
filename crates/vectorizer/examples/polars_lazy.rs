//! Parquet in, Parquet out, on polars' streaming engine: neither the texts nor the ids are ever in memory
//! as a whole. `cargo run --release -p recurrent-vectorizer --features polars --example polars_lazy`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;
use recurrent_vectorizer::VectorizerParams;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (reviews, ids) = (
        folder.path().join("reviews.parquet"),
        folder.path().join("ids.parquet"),
    );
    write_reviews(&reviews)?;
    let scan = || LazyFrame::scan_parquet(PlRefPath::try_from_path(&reviews)?, Default::default());

    // The vocabulary, batch by batch.
    let params = VectorizerParams::new()
        .max_tokens(1000)
        .output_sequence_length(6)
        .check()?;
    let vectorizer = params.fit_query(scan()?, "review")?;
    println!("{:?}", vectorizer.vocabulary());

    // The ids, as a column of a query that runs when its result is written.
    let sink = SinkDestination::File {
        target: SinkTarget::Path(PlRefPath::try_from_path(&ids)?),
    };
    scan()?
        .filter(col("stars").gt_eq(lit(7)))
        .with_column(vectorizer.expr(col("review")).alias("ids"))
        .sink(
            sink,
            FileWriteFormat::Parquet(Arc::new(ParquetWriteOptions::default())),
            UnifiedSinkArgs::default(),
        )?
        .collect_with_engine(Engine::Streaming)?;

    let written = ParquetReader::new(File::open(&ids)?).finish()?;
    println!("{:?}", written.schema());
    let rows = written
        .column("review")?
        .str()?
        .iter()
        .zip(written.column("ids")?.array()?.amortized_iter());
    for (review, ids) in rows {
        let ids = ids.map(|ids| {
            ids.as_ref()
                .i32()
                .map(|ids| ids.iter().flatten().collect::<Vec<_>>())
        });
        println!("{review:?} {:?}", ids.transpose()?);
    }
    Ok(())
}

fn write_reviews(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut reviews = df!(
        "stars" => [9, 2, 8, 10],
        "review" => [Some("A good film!"), Some("Not a good film."), None, Some("The best film, and good")],
    )?;
    ParquetWriter::new(File::create(path)?).finish(&mut reviews)?;
    Ok(())
}
