//! Recorded cases of the real Keras, run here and compared: vocabulary, weights and outputs to the last
//! bit, errors by where they are raised. Reading files and printing is the caller's business.
//!
//! A case is a JSON object: what is done to a layer (`config`, `vocabulary_file`, `set_before`,
//! `adapt_before`, `adapt`, `adapt_batch_size`, `set_vocabulary`, `set_idf_weights`, `input_rank`,
//! `inputs`) and what Keras then had (`vocabulary`, `get_vocabulary`, `idf_weights`, `outputs`, `kind`,
//! `output_shape`, `sparse`); or `config`, `steps` and the `error` that one of them raises.

use serde_json::Value;

use super::{Layer, layer::strings};
use crate::quote::{plain, quoted};
use crate::{Functions, Output, Split, TokenCounts, VectorizerError};

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
}

/// Whether a case gives what Keras gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Equal,
    /// Keras raises an error; here one comes earlier, on purpose.
    EqualButEarlier {
        /// Where Keras raises it.
        keras: String,
        /// Where it comes here, and what it says.
        here: String,
    },
    /// It does not.
    Different {
        /// The first difference.
        first: String,
    },
}

/// Runs the case, or the list of cases, of one JSON file. Functions of the user are those that cases name
/// as `callable:NAME`.
///
/// # Errors
/// [`VectorizerError::BadConfig`] if this is not JSON, or not of the form of a case. What happens within
/// a case is in its verdict.
pub fn check(json: &str, functions: &Functions) -> Result<Vec<Checked>, VectorizerError> {
    let bad = |reason: String| VectorizerError::BadConfig { reason };
    let value: Value = serde_json::from_str(json).map_err(|error| bad(error.to_string()))?;
    let cases = match value {
        Value::Array(cases) => cases,
        case => vec![case],
    };
    let run = |case: &Value| {
        let name = case
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("unnamed");
        if !case.get("config").is_some_and(Value::is_object) {
            return Err(bad(format!(
                "the case {} has no object `config`",
                quoted(name)
            )));
        }
        Ok(Checked {
            name: name.to_owned(),
            verdict: verdict(case, functions),
        })
    };
    cases.iter().map(run).collect()
}

fn verdict(case: &Value, functions: &Functions) -> Verdict {
    if case.get("error").is_some() {
        return failure(case, functions);
    }
    match outcome(case, functions) {
        Ok(()) => Verdict::Equal,
        Err(first) => Verdict::Different { first },
    }
}

/// What is compared is said in words; so is an error where none should be.
type Compared = Result<(), String>;

fn said(error: VectorizerError) -> String {
    error.to_string()
}

/// The layer as its constructor leaves it.
fn construct(case: &Value, functions: &Functions) -> Result<Layer, VectorizerError> {
    let mut config = case["config"].clone();
    let file = case.get("vocabulary_file").and_then(Value::as_str);
    if file.is_some() {
        config["vocabulary"] = "the case's vocabulary_file".into();
    }
    Layer::from_config(&config.to_string(), file.map(str::as_bytes), functions)
}

/// Texts as documents: each one, or all of them as one where Keras takes a batch for a sample.
fn documents<'v>(layer: &Layer, rank: &Value, texts: Vec<&'v str>) -> Vec<Vec<&'v [u8]>> {
    let texts = texts.into_iter().map(str::as_bytes);
    if is_one_sample(layer, rank) {
        return vec![texts.collect()];
    }
    texts.map(|text| vec![text]).collect()
}

fn is_one_sample(layer: &Layer, rank: &Value) -> bool {
    *layer.params().split() == Split::None && rank.as_u64() == Some(1)
}

fn adapt(layer: &mut Layer, case: &Value, corpus: &Value) -> Result<(), VectorizerError> {
    let texts = list(corpus)?;
    let size = case.get("adapt_batch_size").and_then(Value::as_u64);
    let size = size.map_or(texts.len(), |size| size as usize).max(1);
    let mut counts = TokenCounts::new(layer.params());
    for batch in texts.chunks(size) {
        for document in documents(layer, &case["input_rank"], batch.to_vec()) {
            counts.add_parts(document);
        }
    }
    layer.adapt_counts(&counts)
}

fn list(value: &Value) -> Result<Vec<&str>, VectorizerError> {
    strings(value.as_array().map_or(&[], Vec::as_slice))
}

fn weights(value: Option<&Value>) -> Option<Vec<f64>> {
    let weights = value?.as_array()?.iter();
    Some(weights.map(|w| w.as_f64().unwrap_or(f64::NAN)).collect())
}

/// Does what the case says and compares what comes of it.
fn outcome(case: &Value, functions: &Functions) -> Compared {
    let mut layer = construct(case, functions).map_err(said)?;
    let given = |key: &str| case.get(key).filter(|value| value.is_array());
    if let Some(terms) = given("set_before") {
        layer
            .set_vocabulary(list(terms).map_err(said)?, None)
            .map_err(said)?;
    }
    let before = case.get("adapt_before").and_then(Value::as_array);
    let corpora = before.into_iter().flatten().chain(given("adapt"));
    for corpus in corpora {
        match adapt(&mut layer, case, corpus) {
            // Keras learns nothing of blank texts, and says nothing; here that is an error, and the
            // vocabulary before stays likewise.
            Err(VectorizerError::NoTokens { .. }) if layer.vectorizer().is_ok() => {}
            other => other.map_err(said)?,
        }
    }
    if let Some(terms) = given("set_vocabulary") {
        let weights = weights(case.get("set_idf_weights"));
        let terms = list(terms).map_err(said)?;
        layer
            .set_vocabulary(terms, weights.as_deref())
            .map_err(said)?;
    }
    compare_vocabulary(case, &layer)?;
    compare_outputs(case, &layer)
}

fn compare_vocabulary(case: &Value, layer: &Layer) -> Compared {
    let specials = crate::vocabulary::specials(layer.params().output_mode());
    let ours: Vec<&[u8]> = match layer.vectorizer() {
        Ok(vectorizer) => vectorizer.vocabulary().tokens().collect(),
        Err(_) => specials.to_vec(),
    };
    if let Some(theirs) = case.get("vocabulary").filter(|list| list.is_array()) {
        let theirs = list(theirs).map_err(said)?;
        let theirs: Vec<&[u8]> = theirs.into_iter().map(str::as_bytes).collect();
        lists("vocabulary", &ours, &theirs, |token| {
            quoted(&String::from_utf8_lossy(token)).to_string()
        })?;
    }
    if let Some(theirs) = case.get("get_vocabulary").filter(|list| list.is_array()) {
        // NumPy drops NULs at the end of a string; nobody needs that.
        let trim = |text: &str| text.trim_end_matches('\0').to_owned();
        let ours: Vec<String> = layer.get_vocabulary(true).map_err(said)?;
        let ours: Vec<String> = ours.iter().map(|token| trim(token)).collect();
        let theirs: Vec<String> = list(theirs).map_err(said)?.into_iter().map(trim).collect();
        lists("get_vocabulary", &ours, &theirs, |token| {
            quoted(token).to_string()
        })?;
    }
    let ours = layer
        .vectorizer()
        .ok()
        .and_then(|vectorizer| vectorizer.idf_weights());
    match (ours, weights(case.get("idf_weights"))) {
        (None, None) => Ok(()),
        (Some(ours), Some(theirs)) => numbers("idf_weights", ours, &theirs),
        (ours, _) => Err(format!(
            "idf_weights: {} here, {} in Keras",
            if ours.is_some() { "some" } else { "none" },
            if ours.is_some() { "none" } else { "some" }
        )),
    }
}

/// One row of an output.
enum Row<'o> {
    Ids(&'o [i32]),
    Numbers(&'o [f32]),
    Tokens(Vec<&'o [u8]>),
}

fn compare_outputs(case: &Value, layer: &Layer) -> Compared {
    let texts = list(&case["inputs"]).map_err(said)?;
    let documents = documents(layer, &case["input_rank"], texts);
    let output = match layer.vectorizer() {
        Ok(vectorizer) => vectorizer.transform_parts(&documents),
        Err(error) => layer
            .call_without_vocabulary(&documents)
            .ok_or(said(error))?,
    };
    let sample = is_one_sample(layer, &case["input_rank"]);
    // Where a text is not split, even rows of their own length are a rectangle.
    let even = *layer.params().split() == Split::None;
    let (kind, rows, width) = match &output {
        Output::Ids(matrix) => ("dense", matrix.rows(), Some(matrix.width())),
        Output::Dense(matrix) => ("dense", matrix.rows(), Some(matrix.columns())),
        Output::Sparse(matrix) => ("sparse", matrix.rows(), Some(matrix.columns())),
        Output::RaggedIds(rows) if even => (
            "dense",
            rows.rows(),
            Some(rows.row(0).map_or(0, <[i32]>::len)),
        ),
        Output::Tokens(rows) if even => (
            "dense",
            rows.rows(),
            Some(rows.row(0).map_or(0, |row| row.len())),
        ),
        Output::RaggedIds(rows) => ("ragged", rows.rows(), None),
        Output::Tokens(rows) => ("ragged", rows.rows(), None),
    };
    let shape = if sample {
        Value::from(vec![width])
    } else {
        Value::from(vec![Some(rows), width])
    };
    for (what, ours) in [("kind", Value::from(kind)), ("output_shape", shape)] {
        if let Some(theirs) = case.get(what).filter(|theirs| **theirs != ours) {
            let theirs = theirs.to_string();
            return Err(format!("{what}: {ours} here, {} in Keras", plain(&theirs)));
        }
    }
    let expected = case["outputs"].as_array().map_or(&[][..], Vec::as_slice);
    if rows != expected.len() {
        return Err(format!("{rows} rows here, {} in Keras", expected.len()));
    }
    for (index, theirs) in expected.iter().enumerate() {
        let mut dense = Vec::new();
        compare_row(index, &row(&output, index, &mut dense), theirs)?;
    }
    match (
        &output,
        case.get("sparse").filter(|sparse| sparse.is_object()),
    ) {
        (Output::Sparse(matrix), Some(sparse)) => compare_sparse(matrix, sparse),
        _ => Ok(()),
    }
}

fn row<'o>(output: &'o Output, index: usize, dense: &'o mut Vec<f32>) -> Row<'o> {
    match output {
        Output::Ids(matrix) => Row::Ids(matrix.row(index).unwrap_or_default()),
        Output::RaggedIds(rows) => Row::Ids(rows.row(index).unwrap_or_default()),
        Output::Dense(matrix) => Row::Numbers(matrix.row(index).unwrap_or_default()),
        Output::Tokens(rows) => Row::Tokens(rows.row(index).into_iter().flatten().collect()),
        Output::Sparse(matrix) => {
            dense.resize(matrix.columns(), 0.0);
            let (columns, values) = matrix.row(index).unwrap_or_default();
            for (&column, &value) in columns.iter().zip(values) {
                dense[column as usize] = value;
            }
            Row::Numbers(dense)
        }
    }
}

fn compare_row(index: usize, ours: &Row<'_>, theirs: &Value) -> Compared {
    let what = format!("row {index}");
    match ours {
        Row::Ids(ours) => {
            let theirs: Vec<i64> = values(theirs, Value::as_i64);
            let ours: Vec<i64> = ours.iter().map(|&id| id.into()).collect();
            lists(&what, &ours, &theirs, i64::to_string)
        }
        Row::Numbers(ours) => numbers(
            &what,
            ours,
            &values(theirs, |v| v.as_f64().or(Some(f64::NAN))),
        ),
        Row::Tokens(ours) => {
            let theirs = list(theirs).map_err(said)?;
            let theirs: Vec<&[u8]> = theirs.into_iter().map(str::as_bytes).collect();
            lists(&what, ours, &theirs, |token| {
                quoted(&String::from_utf8_lossy(token)).to_string()
            })
        }
    }
}

fn values<T>(list: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(read).collect()
}

/// The stored entries, explicit zeros among them.
fn compare_sparse(matrix: &crate::CsrMatrix, sparse: &Value) -> Compared {
    let mut indices = Vec::new();
    for row in 0..matrix.rows() {
        let (columns, _) = matrix.row(row).unwrap_or_default();
        indices.extend(
            columns
                .iter()
                .map(|&column| Value::from(vec![row, column as usize])),
        );
    }
    let theirs = sparse["indices"].as_array().map_or(&[][..], Vec::as_slice);
    lists("sparse indices", &indices, theirs, |value| {
        plain(&value.to_string()).to_string()
    })?;
    let theirs = values(&sparse["values"], |v| v.as_f64().or(Some(f64::NAN)));
    numbers("sparse values", matrix.values(), &theirs)
}

/// Compares to the bit, but takes one zero for the other and one NaN for another.
fn numbers(what: &str, ours: &[f32], theirs: &[f64]) -> Compared {
    let bits = |value: f32| {
        if value.is_nan() {
            f32::NAN.to_bits()
        } else {
            // Adding 0 makes of -0 a 0 and changes nothing else.
            (value + 0.0).to_bits()
        }
    };
    let ours: Vec<u32> = ours.iter().map(|&value| bits(value)).collect();
    let theirs: Vec<u32> = theirs.iter().map(|&value| bits(value as f32)).collect();
    lists(what, &ours, &theirs, |&bits| {
        f32::from_bits(bits).to_string()
    })
}

fn lists<T: PartialEq>(
    what: &str,
    ours: &[T],
    theirs: &[T],
    shown: impl Fn(&T) -> String,
) -> Compared {
    let (here, there) = (ours.len(), theirs.len());
    match ours
        .iter()
        .zip(theirs)
        .position(|(ours, theirs)| ours != theirs)
    {
        Some(at) => {
            let (ours, theirs) = (shown(&ours[at]), shown(&theirs[at]));
            Err(format!("{what}[{at}]: {ours} here, {theirs} in Keras"))
        }
        None if here != there => Err(format!("{what}: {here} long here, {there} in Keras")),
        None => Ok(()),
    }
}

/// Runs the steps of a case that Keras does not get through, and compares where it ends.
fn failure(case: &Value, functions: &Functions) -> Verdict {
    let keras = case["error"]["at"].as_str().unwrap_or("nowhere").to_owned();
    let steps = case["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let mut places = vec!["constructor".to_owned()];
    places.extend(
        steps.iter().enumerate().map(|(index, step)| {
            format!("step {index} ({})", step[0].as_str().unwrap_or("nothing"))
        }),
    );
    let Some(expected) = places.iter().position(|place| *place == keras) else {
        let first = format!("the case has no {}", plain(&keras));
        return Verdict::Different { first };
    };
    match first_failure(case, steps, functions) {
        None => Verdict::Different {
            first: format!("no error here, one at {keras} in Keras"),
        },
        Some((at, _)) if at == expected => Verdict::Equal,
        Some((at, error)) => {
            let here = format!("{}: {error}", places[at]);
            if at < expected {
                Verdict::EqualButEarlier { keras, here }
            } else {
                let first = format!("an error at {here}, in Keras at {keras}");
                Verdict::Different { first }
            }
        }
    }
}

/// At which place, the constructor being the first, what error comes.
fn first_failure(
    case: &Value,
    steps: &[Value],
    functions: &Functions,
) -> Option<(usize, VectorizerError)> {
    let mut layer = match construct(case, functions) {
        Ok(layer) => layer,
        Err(error) => return Some((0, error)),
    };
    for (index, step) in steps.iter().enumerate() {
        let mut run = || {
            let texts = list(&step[1])?;
            match step[0].as_str() {
                Some("adapt") => layer.adapt(texts),
                Some("set_vocabulary") => {
                    layer.set_vocabulary(texts, weights(step.get(2)).as_deref())
                }
                _ => layer.call(&texts).map(|_| ()),
            }
        };
        if let Err(error) = run() {
            return Some((index + 1, error));
        }
    }
    None
}
