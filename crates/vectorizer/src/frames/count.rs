//! Counting the tokens of columns, and of queries whose result is larger than memory. What is counted,
//! and what is learned from it, is written elsewhere.

use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{Column, DataFrame, Engine, LazyFrame, PlanCallback, col};
use polars_core::runtime::RAYON;

use super::texts::Texts;
use super::to_polars;
use crate::{TextVectorizer, TokenCounts, ValidParams, VectorizerError};

impl ValidParams {
    /// Learns the vocabulary of a column of texts, `String` or `Binary`, on polars' threads. Nulls are no
    /// texts and are left out; the result is that of [`fit`](Self::fit) on the others.
    ///
    /// # Errors
    /// [`VectorizerError::NotText`] if the column has another type, and those of [`fit`](Self::fit).
    pub fn fit_column(&self, column: &Column) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new(self);
        counts.add_column(column)?;
        counts.finish(self)
    }

    /// Learns the vocabulary of one column of a query, batch by batch: see
    /// [`TokenCounts::add_query`].
    ///
    /// # Errors
    /// Those of [`TokenCounts::add_query`] and [`fit`](Self::fit).
    pub fn fit_query(
        &self,
        query: LazyFrame,
        column: &str,
    ) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new(self);
        counts.add_query(query, column)?;
        counts.finish(self)
    }
}

impl TokenCounts {
    /// Counts the tokens of a column of texts, `String` or `Binary`, on polars' threads. Nulls are no
    /// texts and are left out.
    ///
    /// # Errors
    /// [`VectorizerError::NotText`] if the column has another type. Nothing is counted then.
    pub fn add_column(&mut self, column: &Column) -> Result<(), VectorizerError> {
        let texts = Texts::new(column.as_materialized_series())?;
        RAYON.install(|| self.par_add(texts.present()))
    }

    /// Counts the tokens of one column of a query's result, which need not fit into memory: the query
    /// runs on polars' streaming engine, and each batch is forgotten once counted. The order of the
    /// batches does not matter.
    ///
    /// # Errors
    /// [`VectorizerError::Polars`] if the query fails, and [`VectorizerError::NotText`] if the column
    /// has another type. Nothing is counted then.
    pub fn add_query(&mut self, query: LazyFrame, column: &str) -> Result<(), VectorizerError> {
        let sum = Arc::new(Mutex::new(Sum {
            counts: self.emptied(),
            failed: None,
        }));
        let shared = Arc::clone(&sum);
        let count = PlanCallback::new(move |batch: DataFrame| {
            let mut sum = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let column = batch.columns().first();
            let added = column.map_or(Ok(()), |column| sum.counts.add_column(column));
            added.map_err(|error| {
                sum.failed = Some(error.clone());
                to_polars(error)
            })?;
            Ok(false)
        });
        let run = query
            .select([col(column)])
            .sink_batches(count, false, None)
            .and_then(|query| query.collect_with_engine(Engine::Streaming));
        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
        match (run, sum.failed.take()) {
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Err(error.into()),
            (Ok(_), _) if self.texts() == 0 => {
                std::mem::swap(self, &mut sum.counts);
                Ok(())
            }
            (Ok(_), _) => self.merge(&sum.counts),
        }
    }
}

/// What a query's batches add up to, and why one of them could not be counted.
struct Sum {
    counts: TokenCounts,
    failed: Option<VectorizerError>,
}
